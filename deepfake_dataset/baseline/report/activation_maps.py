"""The report's part on activations, as HTML: what each layer responds to."""

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


def activations_section(model: Any, fake: Pixels, real: Pixels) -> str:
    """Mean activations of each layer with positions, over (n, side, side, 3) faces, n > 0."""
    layers = [each for each in mean_activations(model, fake, real) if each.fake.ndim == 3]
    words = (
        f"Mean output of each unit over {len(fake)} forged and {len(real)} real faces of the"
        " test, and forged minus real: orange is stronger in forged faces, purple in real ones."
    )
    return f"<h3>Mean activations</h3><p>{words}</p>" + "".join(map(_maps, layers))


def excited_section(model: Any, seed: int) -> str:
    """The inputs that excite the units of each layer most."""
    parts = [_inputs(layer) for layer in maximise_activations(model, seed=seed)]
    words = (
        "Found by gradient ascent from grey. For a filter the middle of its input is shown,"
        " enlarged; units of the last layers see the whole face."
    )
    return f"<h3>Inputs that excite units most</h3><p>{words}</p>" + "".join(parts)


def _maps(layer: MeanActivations) -> str:
    low, high = np.percentile(np.stack([layer.fake, layer.real]), _ENDS, axis=(0, 1, 2))
    span = np.where(high > low, high - low, 1)
    apart = layer.fake - layer.real
    most = np.percentile(np.abs(apart), _ENDS[1], axis=(0, 1))
    rows = (
        ("forged", (layer.fake - low) / span, "cividis"),
        ("real", (layer.real - low) / span, "cividis"),
        ("difference", 0.5 + apart / np.where(most > 0, 2 * most, 1), "PuOr_r"),
    )
    strips = "".join(_strip(name, maps.astype(np.float32), colours) for name, maps, colours in rows)
    return f"<h4>{layer.layer}</h4>{strips}"


def _strip(name: str, maps: NDArray[np.float32], colours: str) -> str:
    uri = maps_uri(maps, _MAP_PX, colours)
    return f'<div class="strip"><span>{name}</span><img src="{uri}" alt="{name} by unit"></div>'


def _inputs(layer: MaximisingInputs) -> str:
    if layer.towards_real is not None:
        order = np.argsort(layer.towards_real)
        tiles = [
            _tile(whole_uri(layer.inputs[n], _UNIT_PX), f"{layer.towards_real[n]:+.3f}")
            for n in order.tolist()
        ]
        note = " by the weight with which each speaks for a real face"
    elif len(layer.inputs) == 2:
        uris = [whole_uri(each, _UNIT_PX) for each in layer.inputs]
        tiles = [_tile(uris[0], "most real"), _tile(uris[1], "most forged")]
        note = ""
    else:
        tiles = [_tile(input_uri(each, _FILTER_PX), "") for each in layer.inputs]
        note = ""
    return f'<h4>{layer.layer}{note}</h4><div class="tiles">{"".join(tiles)}</div>'


def _tile(uri: str, words: str) -> str:
    caption = f"<figcaption>{words}</figcaption>" if words else ""
    return f'<figure><img src="{uri}" alt="{words or "input"}">{caption}</figure>'
