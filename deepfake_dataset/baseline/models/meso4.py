"""Meso4 (Afchar et al. 2018, fig. 4): four blocks of convolution, 28,073 parameters."""

from typing import Any

import keras
from keras import layers

SIZE_PX = 256
_BLOCKS = ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4))
"""Filters, side of the kernel, pooling."""


def build() -> Any:
    """RGB images of (batch, 256, 256, 3) in [0, 1] to p_real of (batch, 1)."""
    image = x = layers.Input((SIZE_PX, SIZE_PX, 3))
    for filters, kernel, pool in _BLOCKS:
        x = layers.Conv2D(filters, kernel, padding="same", activation="relu")(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(pool, padding="same")(x)
    return keras.Model(image, head(x), name="meso4")


def head(x: Any) -> Any:
    """What both of the paper's networks end with: features of 8×8×16 to p_real."""
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Dense(16)(x))
    x = layers.Dense(1)(layers.Dropout(0.5)(x))
    # Of its own and in single precision, so that mixed precision does not round probabilities.
    return layers.Activation("sigmoid", dtype="float32", name="p_real")(x)
