"""MesoInception4 (Afchar et al. 2018, fig. 5): two inception blocks first, 28,725 parameters."""

from typing import Any

import keras
from keras import layers

from deepfake_dataset.baseline.models.meso4 import SIZE_PX, head

_INCEPTIONS = ((1, 4, 4, 2), (2, 4, 4, 2))
"""Filters of the four branches of each inception block."""
_BLOCKS = ((16, 5, 2), (16, 5, 4))
"""Filters, side of the kernel, pooling."""


def build() -> Any:
    """RGB images of (batch, 256, 256, 3) in [0, 1] to p_real of (batch, 1)."""
    image = x = layers.Input((SIZE_PX, SIZE_PX, 3))
    for filters in _INCEPTIONS:
        x = layers.BatchNormalization()(_inception(x, *filters))
        x = layers.MaxPooling2D(2, padding="same")(x)
    for count, kernel, pool in _BLOCKS:
        x = _conv(x, count, kernel)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(pool, padding="same")(x)
    return keras.Model(image, head(x), name="mesoinception4")


def _inception(x: Any, plain: int, narrow: int, wide: int, wider: int) -> Any:
    """1×1 beside 1×1 and 3×3, the latter dilated by 1, 2 and 3."""
    branches = [_conv(x, plain, 1)]
    for filters, dilation in ((narrow, 1), (wide, 2), (wider, 3)):
        branches.append(_conv(_conv(x, filters, 1), filters, 3, dilation))
    return layers.Concatenate()(branches)


def _conv(x: Any, filters: int, kernel: int, dilation: int = 1) -> Any:
    return layers.Conv2D(
        filters, kernel, padding="same", activation="relu", dilation_rate=dilation
    )(x)
