"""Weights from a file into a network: those published with MesoNet, and a run's own.

Both are HDF5. Names differ from one process to the next (``conv2d``, ``conv2d_5``), so the layers
of a kind are matched with the network's in the order in which they compute.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import WeightsError

_KINDS = ("conv2d", "batch_normalization", "dense")
"""The layers that have weights."""
_HINT = "name the model that these weights are of with --set model=…"

Arrays = list[NDArray[np.float32]]


def load_weights(model: Any, file: Path) -> None:
    """Put a file's weights into the network.

    Raises :class:`WeightsError` that says which layer does not fit; the network is then
    as it was.
    """
    found = _read(file)
    pairs = [pair for kind in _KINDS for pair in _matched(model, found, kind, file)]
    for layer, name in pairs:
        _check(layer, found[name], f"{file}: {name}")
    for layer, name in pairs:
        layer.set_weights(found[name])


def _matched(
    model: Any, found: dict[str, Arrays], kind: str, file: Path
) -> Iterator[tuple[Any, str]]:
    layers = [layer for layer in model.layers if _split(layer.name)[0] == kind]
    names = [name for name in found if _split(name)[0] == kind]
    if len(layers) != len(names):
        problem = f"{file} has {len(names)} {kind} layers, {model.name} has {len(layers)}"
        longer = [layer.name for layer in layers] if len(layers) > len(names) else names
        odd = longer[min(len(layers), len(names))]
        raise WeightsError(f"{problem}: nothing fits {odd}", _HINT)
    return zip(layers, names, strict=True)


def _split(name: str) -> tuple[str, int]:
    """``conv2d_5`` as its kind and number; the first one has none."""
    kind, _, number = name.rpartition("_")
    return (kind, int(number)) if number.isdecimal() else (name, 0)


def _check(layer: Any, saved: Arrays, where: str) -> None:
    wanted = [tuple(weight.shape) for weight in layer.weights]
    shapes = [array.shape for array in saved]
    if shapes != wanted:
        raise WeightsError(
            f"{where} does not fit the layer {layer.name}: its weights are {_shown(shapes)} and"
            f" should be {_shown(wanted)}",
            _HINT,
        )


def _shown(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join("×".join(map(str, shape)) for shape in shapes) or "missing"


def _read(file: Path) -> dict[str, Arrays]:
    """Arrays by layer in the order of computing, of either way in which Keras has written them."""
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            return dict(_layers(opened))
    except OSError as error:
        problem = "is no HDF5 file" if file.is_file() else "is missing"
        raise WeightsError(f"{file} {problem}", "name a .h5 file of weights") from error


def _layers(opened: Any) -> Iterator[tuple[str, Arrays]]:
    if "layer_names" in opened.attrs:  # Keras 1 and 2
        for name in map(_text, opened.attrs["layer_names"]):
            names = map(_text, opened[name].attrs["weight_names"])
            yield name, [np.asarray(opened[name][weight]) for weight in names]
    kept = opened.get("layers", {})
    for name in sorted(kept, key=_split):  # Keras 3, which numbers the layers of a kind
        variables = kept[name].get("vars", {})
        yield name, [np.asarray(variables[key]) for key in sorted(variables, key=int)]


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
