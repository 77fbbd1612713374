"""Takes the statistics of batch normalisation anew after an epoch."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def recompute_batch_norm(model: Any, batches: Iterable[NDArray[np.uint8]]) -> None:
    """Take the statistics of batch normalisation from these batches alone.

    While weights move, the running statistics lag behind by some hundred updates, and a small
    set does not have as many.
    """
    import keras

    from deepfake_dataset.baseline.network.preprocessing_layers import without_preprocessing

    kind = keras.layers.BatchNormalization
    layers = [layer for layer in without_preprocessing(model).layers if isinstance(layer, kind)]
    usual = [layer.momentum for layer in layers]
    for number, pixels in enumerate(batches if layers else ()):
        for layer in layers:
            layer.momentum = number / (number + 1)  # the mean of all so far
        model(pixels, training=True)
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum
