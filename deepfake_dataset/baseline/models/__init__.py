"""The networks: one a file, with ``SIZE_PX`` and ``build()``, and named here."""

from importlib import import_module
from typing import Any

from deepfake_dataset.baseline.keras_backend import jit_mode, set_up_keras
from deepfake_dataset.errors import RecipeError

MODELS = ("meso4", "mesoinception4", "notebook")
"""Files of this folder."""


def build_model(name: str) -> Any:
    """A new network: RGB of (batch, side, side, 3) in [0, 1] to p_real of (batch, 1).

    Raises :class:`RecipeError` for a name that is not known and :class:`MissingExtraError`
    where Keras or its backend is not installed.
    """
    if name not in MODELS:
        raise RecipeError(f"there is no model {name}", f"known are {', '.join(MODELS)}")
    set_up_keras()
    model = import_module(f"{__name__}.{name}").build()
    model.jit_compile = jit_mode()
    return model


def input_side_px(model: Any) -> int:
    """Side in pixels of the images that a network takes."""
    return int(model.input_shape[1])
