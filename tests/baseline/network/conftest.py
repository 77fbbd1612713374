"""A small network with every kind of layer that is shown, and faces of noise."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture(scope="module")
def model() -> Any:
    """An inception block, a convolution, two dense layers."""
    keras.utils.set_random_seed(5)
    image = layers.Input((24, 24, 3))
    branches = [layers.Conv2D(2, side, padding="same", activation="relu")(image) for side in (1, 3)]
    x = layers.MaxPooling2D(2)(layers.Concatenate()(branches))
    x = layers.MaxPooling2D(2)(layers.Conv2D(5, 3, padding="same", activation="relu")(x))
    x = layers.Dense(4, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Activation("sigmoid")(layers.Dense(1)(x)))


def faces(number: int) -> Any:
    """The same for the same number."""
    return np.random.default_rng(number).random((number, 24, 24, 3)).astype(np.float32)
