"""Activations of a model's layers: mean activations of each class, and what excites a unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.network.gradient import gradient

Pixels = NDArray[np.float32]

_KINDS = {"Conv2D": "convolution", "Concatenate": "inception", "Dense": "dense"}
_STEPS = 16
_STEP = 0.12
"""Of a pixel's range of 1: with 16 steps a pixel can cross it, and the last ones still matter."""
_START_NOISE = 0.02
_PATCH_PX = 96
"""Of a filter's input. The last filters of Meso4 see 60 pixels."""
_SMOOTH_PX = 5
"""Slopes of units without positions are averaged over so many pixels: shapes, not noise."""
_TINY = 1e-12  # a unit that nothing moves has no slope
_AT_ONCE = 32  # faces in memory as activations


@dataclass(frozen=True, slots=True, eq=False)
class Activations:
    """A layer's mean output over the faces of each class."""

    layer: str
    fake: Pixels
    """(height, width, units), or (units,) for a layer without positions."""
    real: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class MaximisingInputs:
    """For each unit of a layer the input that excites it most, as found from grey noise."""

    layer: str
    inputs: Pixels
    """(units, height, width, 3) in [0, 1]; a layer of one unit has the input that lowers it
    most as well."""
    towards_real: Pixels | None
    """(units,) weight of the unit in the score; None where other layers lie between."""


def layers_to_show(model: keras.Model) -> list[Any]:
    """The layers that a reader wants to see: every convolution and every dense layer.

    Where convolutions are joined side by side, as in an Inception block, the joint stands
    for them.
    """
    joints = [n for n, layer in enumerate(model.layers) if _is(layer, keras.layers.Concatenate)]
    last = max(joints, default=-1)
    wanted = (keras.layers.Conv2D, keras.layers.Dense)
    return [
        layer
        for n, layer in enumerate(model.layers)
        if n in joints or (n > last and isinstance(layer, wanted))
    ]


def mean_activations(model: keras.Model, fake: Pixels, real: Pixels) -> list[Activations]:
    """Of every shown layer; ``fake`` and ``real`` are (n, height, width, 3) in [0, 1], n > 0."""
    layers = layers_to_show(model)
    inner = keras.Model(model.inputs[0], [layer.output for layer in layers])
    sides = zip(_means(inner, fake), _means(inner, real), strict=True)
    return [
        Activations(name, of_fake, of_real)
        for name, (of_fake, of_real) in zip(_names(layers), sides, strict=True)
    ]


def maximise_activations(model: keras.Model, *, seed: int = 0) -> Iterator[MaximisingInputs]:
    """The inputs that excite the units of each shown layer most, by gradient ascent.

    A unit with positions is excited on average over them.
    """
    layers = layers_to_show(model)
    for layer, name in zip(layers, _names(layers), strict=True):
        before = _before_activation(model, layer)
        yield MaximisingInputs(name, _climbed(before, seed), _weights_after(model, layer))


def _names(layers: Sequence[keras.Layer]) -> list[str]:
    """Keras numbers layers on through a process; these names are of the model alone."""
    kinds = [_KINDS[type(layer).__name__] for layer in layers]
    names = [f"{kind} {kinds[: n + 1].count(kind)}" for n, kind in enumerate(kinds)]
    return [*names[:-1], "output"]


def _is(layer: Any, kind: type) -> bool:
    return len(layer.output.shape) == 4 and isinstance(layer, kind)


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


def _before_activation(model: keras.Model, layer: keras.Layer) -> keras.Model:
    """The model up to a layer, whose own activation is left out.

    Through a ReLU that is off, no gradient says where on would be. A layer with positions
    gets a small input: its filters see a few pixels, and more of the same costs time.
    """

    def cloned(each: keras.Layer) -> keras.Layer:
        config = each.get_config()
        if each.name == layer.name and "activation" in config:
            config["activation"] = "linear"
        return each.__class__.from_config(config)

    part = keras.Model(model.inputs[0], layer.output)
    shape = part.inputs[0].shape[1:]
    small = len(layer.output.shape) == 4
    image = keras.Input((_PATCH_PX, _PATCH_PX, 3) if small else shape)
    clone = keras.models.clone_model(part, input_tensors=image, clone_function=cloned)
    clone.set_weights(part.get_weights())
    return clone


def _climbed(inner: keras.Model, seed: int) -> Pixels:
    """(units, height, width, 3): one picture a unit, all climbing at once.

    A single unit gives two, the second of what excites it least.
    """
    units = inner.outputs[0].shape[-1]
    unit, sign = (np.arange(units), 1.0) if units > 1 else (np.zeros(2, int), np.array([1.0, -1.0]))
    chosen = (np.eye(units)[unit].T * sign).T.astype(np.float32)

    def response(pictures: Any) -> Any:
        outputs = keras.ops.cast(inner(pictures, training=False), "float32")
        means = keras.ops.mean(outputs, axis=tuple(range(1, len(outputs.shape) - 1)))
        return keras.ops.sum(keras.ops.multiply(means, chosen))

    shape = (len(unit), *inner.inputs[0].shape[1:])
    noise = np.random.default_rng(seed).normal(0.5, _START_NOISE, shape)
    pictures = noise.astype(np.float32)
    for step in range(_STEPS):
        slope = gradient(response, pictures)
        if len(inner.outputs[0].shape) == 2:
            slope = np.stack([cv2.blur(each, (_SMOOTH_PX, _SMOOTH_PX)) for each in slope])
        size = np.sqrt((slope**2).mean(axis=(1, 2, 3), keepdims=True)) + _TINY
        rise = _STEP * (1 - step / _STEPS) * slope / size
        pictures = np.clip(pictures + rise, 0, 1).astype(np.float32)
    return pictures


def _weights_after(model: keras.Model, layer: keras.Layer) -> Pixels | None:
    """(units,) of the last layer, where this is the dense layer before it."""
    dense = [each for each in model.layers if isinstance(each, keras.layers.Dense)]
    if len(dense) < 2 or layer is not dense[-2] or dense[-1].units != 1:
        return None
    return np.asarray(dense[-1].get_weights()[0])[:, 0]
