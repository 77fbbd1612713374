"""Activation maps for the report: what each layer of a model responds to, as pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.network.activation_maximisation import (
    MaximisingInputs,
    maximise_activations,
)
from deepfake_dataset.baseline.network.mean_activations import (
    MeanActivations,
    Pixels,
    mean_activations,
)
from deepfake_dataset.baseline.report.inline_images import input_uri, maps_uri, whole_uri

_MAP_PX = 64
_ENDS = (1, 99)
"""Percentiles that are drawn darkest and lightest: padding makes the margin an outlier."""
_FILTER_PX, _UNIT_PX = 96, 128


@dataclass(frozen=True, slots=True)
class MapStrip:
    """Maps of all units of a layer, side by side in one picture."""

    name: str
    uri: str


@dataclass(frozen=True, slots=True)
class LayerMaps:
    """Mean activations of a layer: of forged faces, of real ones, and their difference."""

    name: str
    strips: tuple[MapStrip, ...]


@dataclass(frozen=True, slots=True)
class ActivationMaps:
    """Mean activations of every layer with positions, over so many faces."""

    fake_faces: int
    real_faces: int
    layers: tuple[LayerMaps, ...]


@dataclass(frozen=True, slots=True)
class InputTile:
    """A picture of an input that excites a unit."""

    uri: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class LayerInputs:
    """A picture for each unit of a layer."""

    title: str
    tiles: tuple[InputTile, ...]


def draw_activation_maps(model: Any, fake: Pixels, real: Pixels) -> ActivationMaps:
    """Of each layer with positions, over (n, side, side, 3) faces of each class, n > 0."""
    found = mean_activations(model, fake, real)
    layers = tuple(_layer_maps(each) for each in found if each.fake.ndim == 3)
    return ActivationMaps(len(fake), len(real), layers)


def draw_maximising_inputs(model: Any, seed: int) -> tuple[LayerInputs, ...]:
    """Of each layer the inputs that excite its units most."""
    return tuple(_layer_inputs(layer) for layer in maximise_activations(model, seed=seed))


def _layer_maps(layer: MeanActivations) -> LayerMaps:
    low, high = np.percentile(np.stack([layer.fake, layer.real]), _ENDS, axis=(0, 1, 2))
    span = np.where(high > low, high - low, 1)
    apart = layer.fake - layer.real
    most = np.percentile(np.abs(apart), _ENDS[1], axis=(0, 1))
    rows = (
        ("forged", (layer.fake - low) / span, "cividis"),
        ("real", (layer.real - low) / span, "cividis"),
        ("difference", 0.5 + apart / np.where(most > 0, 2 * most, 1), "PuOr_r"),
    )
    return LayerMaps(layer.layer, tuple(_strip(*row) for row in rows))


def _strip(name: str, maps: NDArray[np.floating[Any]], colours: str) -> MapStrip:
    return MapStrip(name, maps_uri(maps.astype(np.float32), _MAP_PX, colours))


def _layer_inputs(layer: MaximisingInputs) -> LayerInputs:
    if layer.towards_real is not None:
        order = np.argsort(layer.towards_real).tolist()
        weighed = [(layer.inputs[n], f"{layer.towards_real[n]:+.3f}") for n in order]
        title = f"{layer.layer} by the weight with which each speaks for a real face"
        return LayerInputs(title, tuple(_whole(*each) for each in weighed))
    if len(layer.inputs) == 2:
        ends = zip(layer.inputs, ("most real", "most forged"), strict=True)
        return LayerInputs(layer.layer, tuple(_whole(*end) for end in ends))
    middles = (InputTile(input_uri(each, _FILTER_PX)) for each in layer.inputs)
    return LayerInputs(layer.layer, tuple(middles))


def _whole(pixels: Pixels, caption: str) -> InputTile:
    return InputTile(whole_uri(pixels, _UNIT_PX), caption)
