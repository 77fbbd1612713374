"""Inputs that excite the units of a model most, found by gradient ascent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import keras
import numpy as np

from deepfake_dataset.baseline.network.input_gradient import input_gradient
from deepfake_dataset.baseline.network.layers_to_show import layer_names, layers_to_show
from deepfake_dataset.baseline.network.mean_activations import Pixels

_STEPS = 16
_STEP = 0.12
"""Of a pixel's range of 1: with 16 steps a pixel can cross it, and the last ones still matter."""
_START_NOISE = 0.02
_PATCH_PX = 96
"""Of a filter's input. The last filters of Meso4 see 60 pixels."""
_SMOOTH_PX = 5
"""Slopes of units without positions are averaged over so many pixels: shapes, not noise."""
_TINY = 1e-12  # a unit that nothing moves has no slope


@dataclass(frozen=True, slots=True, eq=False)
class MaximisingInputs:
    """For each unit of a layer the input that excites it most, as found from grey noise."""

    layer: str
    inputs: Pixels
    """(units, height, width, 3) in [0, 1]; a layer of one unit has the input that lowers it
    most as well."""
    towards_real: Pixels | None
    """(units,) weight of the unit in the score; None where other layers lie between."""


def maximise_activations(model: keras.Model, *, seed: int = 0) -> Iterator[MaximisingInputs]:
    """The inputs that excite the units of each shown layer most, by gradient ascent.

    A unit with positions is excited on average over them.
    """
    layers = layers_to_show(model)
    for layer, name in zip(layers, layer_names(layers), strict=True):
        before = _before_activation(model, layer)
        yield MaximisingInputs(name, _climbed(before, seed), _weights_after(model, layer))


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
        slope = input_gradient(response, pictures)
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
