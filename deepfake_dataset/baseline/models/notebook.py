"""The small CNN of the report that this project follows, with an end that can learn.

As printed it ends in Dense 16, Dense 1 and Dense 1, all ReLU: once the last one is negative for
every image its gradient is zero for good, and its output is no probability. Here it is Dense 16
with ReLU and one sigmoid.
"""

from typing import Any

import keras
from keras import layers

SIZE_PX = 128
_BLOCKS = ((8, True), (8, True), (16, False), (16, True))
"""Filters, and whether pooling follows."""


def build() -> Any:
    """RGB images of (batch, 128, 128, 3) in [0, 1] to p_real of (batch, 1)."""
    image = x = layers.Input((SIZE_PX, SIZE_PX, 3))
    for filters, pooled in _BLOCKS:
        x = layers.Conv2D(filters, 3, padding="valid", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x) if pooled else x
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    p_real = layers.Activation("sigmoid", dtype="float32", name="p_real")(layers.Dense(1)(x))
    return keras.Model(image, p_real, name="notebook")
