"""The networks: one a file, with ``SIZE_PX`` and ``build()``, and named here."""

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from deepfake_dataset.errors import MissingExtraError, RecipeError

MODELS = ("meso4", "mesoinception4", "notebook")
"""Files of this folder."""


def build(name: str) -> Any:
    """A new network: RGB of (batch, side, side, 3) in [0, 1] to p_real of (batch, 1).

    Raises :class:`RecipeError` for a name that is not known and :class:`MissingExtraError`
    where Keras or its backend is not installed.
    """
    if name not in MODELS:
        raise RecipeError(f"there is no model {name}", f"known are {', '.join(MODELS)}")
    need_keras()
    model = import_module(f"{__name__}.{name}").build()
    model.jit_compile = jit()
    return model


@cache
def need_keras() -> None:
    """Raise :class:`MissingExtraError` where Keras or its backend cannot be imported.

    TensorFlow is told to give the same numbers for the same seed.
    """
    try:
        keras = import_module("keras")
    except ImportError as error:
        raise MissingExtraError(
            f"training and scoring need Keras and a backend: no module {error.name}",
            "pip install 'deepfake-dataset[baseline]'",
        ) from error
    if keras.backend.backend() == "tensorflow":
        _make_repeatable(import_module("tensorflow"))


def _make_repeatable(tensorflow: Any) -> None:
    """Sums are taken in one order only: operations one after the other, each over all cores."""
    tensorflow.config.experimental.enable_op_determinism()
    with suppress(RuntimeError):  # it runs already, and its threads stay as they are
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def jit() -> Any:
    """What to compile a network with.

    On a CPU TensorFlow is twice as fast without XLA as with it, which is Keras's default
    (benchmarks/train.py); other backends keep theirs.
    """
    import keras

    return False if keras.backend.backend() == "tensorflow" else "auto"


def side_of(model: Any) -> int:
    """Side in pixels of the images that a network takes."""
    return int(model.input_shape[1])
