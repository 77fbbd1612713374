"""Mean activations of a model's layers over the faces of each class."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.network.layers_to_show import layer_names, layers_to_show

Pixels = NDArray[np.float32]
_AT_ONCE = 32  # faces in memory as activations


@dataclass(frozen=True, slots=True, eq=False)
class MeanActivations:
    """A layer's mean output over the faces of each class."""

    layer: str
    fake: Pixels
    """(height, width, units), or (units,) for a layer without positions."""
    real: Pixels


def mean_activations(model: keras.Model, fake: Pixels, real: Pixels) -> list[MeanActivations]:
    """Of every shown layer; ``fake`` and ``real`` are (n, height, width, 3) in [0, 1], n > 0."""
    layers = layers_to_show(model)
    inner = keras.Model(model.inputs[0], [layer.output for layer in layers])
    sides = zip(_means(inner, fake), _means(inner, real), strict=True)
    return [
        MeanActivations(name, of_fake, of_real)
        for name, (of_fake, of_real) in zip(layer_names(layers), sides, strict=True)
    ]


def _means(inner: keras.Model, faces: Pixels) -> list[Pixels]:
    sums: list[Any] = []
    for at in range(0, len(faces), _AT_ONCE):
        outputs = [
            keras.ops.convert_to_numpy(out) for out in _called(inner, faces[at : at + _AT_ONCE])
        ]
        batch = [output.sum(axis=0, dtype=np.float64) for output in outputs]
        sums = [old + new for old, new in zip(sums, batch, strict=True)] if sums else batch
    return [(total / len(faces)).astype(np.float32) for total in sums]


def _called(inner: keras.Model, faces: Pixels) -> list[Any]:
    outputs = inner(faces, training=False)
    return outputs if isinstance(outputs, list) else [outputs]
