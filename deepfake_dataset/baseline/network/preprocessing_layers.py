"""Preprocessing layers before a network: evened-out light, and bytes to [0, 1].

One that was trained on levelled faces levels them itself: it takes colour like any other, and is
shown what it knows by whoever feeds it. One that is being trained takes bytes.
"""

from typing import Any

import keras
import numpy as np

from deepfake_dataset.baseline.data.grey_levelled_input import CONTRAST, GREY, MEAN, NOISE

_TO_GREY = np.repeat(np.array(GREY, np.float32)[:, None], 3, axis=1)
"""From RGB to luma in each of three channels."""


def with_preprocessing(network: Any, *, levelled: bool) -> Any:
    """The same network, sharing its weights, behind what levels faces; itself where nothing does.

    Made of Keras's own operations, so that a saved one needs nothing but Keras.
    """
    if not levelled:
        return network
    image = keras.Input(network.input_shape[1:])
    model = keras.Model(image, network(level(image)), name=network.name)
    model.jit_compile = network.jit_compile
    return model


def taking_byte_pixels(network: Any, *, grey: bool) -> Any:
    """The same network, sharing its weights, fed bytes: of (n, side, side, 1) if ``grey``, else 3.

    For training: as floats in three channels a batch of luma has twelve times as many bytes to be
    written by one thread and read by another.
    """
    height, width, _ = network.input_shape[1:]
    image = keras.Input((height, width, 1 if grey else 3), dtype="uint8")
    pixels = keras.ops.cast(image, "float32") * np.full(3, 1 / 255, np.float32)
    return keras.Model(image, network(pixels), name=network.name)


def without_preprocessing(model: Any) -> Any:
    """What stands behind the front."""
    return model.layers[-1]


def level(faces: Any) -> Any:
    """RGB of (n, height, width, 3) in [0, 1] as :func:`view.levelled` has bytes."""
    ops, (height, width) = keras.ops, faces.shape[1:3]
    grey = ops.matmul(faces, _TO_GREY)
    middle = grey[:, height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)]
    gain = CONTRAST / 255 / (ops.std(middle, axis=(1, 2), keepdims=True) + NOISE / 255)
    mean = ops.mean(middle, axis=(1, 2), keepdims=True)
    return ops.clip((grey - mean) * gain + MEAN / 255, 0, 1)
