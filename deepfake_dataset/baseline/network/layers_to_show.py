"""Which layers of a model a report shows, and what it calls them."""

from collections.abc import Sequence
from typing import Any

import keras

_KINDS = {"Conv2D": "convolution", "Concatenate": "inception", "Dense": "dense"}


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


def layer_names(layers: Sequence[keras.Layer]) -> list[str]:
    """Keras numbers layers on through a process; these names are of the model alone."""
    kinds = [_KINDS[type(layer).__name__] for layer in layers]
    names = [f"{kind} {kinds[: n + 1].count(kind)}" for n, kind in enumerate(kinds)]
    return [*names[:-1], "output"]


def _is(layer: Any, kind: type) -> bool:
    return len(layer.output.shape) == 4 and isinstance(layer, kind)
