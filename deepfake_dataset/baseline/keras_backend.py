"""Sets Keras and its backend up: repeatable numbers, threads, compilation."""

from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from deepfake_dataset.errors import MissingExtraError


@cache
def set_up_keras() -> None:
    """Import Keras and its backend; TensorFlow gives the same numbers for the same seed then.

    Raises :class:`MissingExtraError` where one of them is not installed.
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


def jit_mode() -> Any:
    """What to compile a network with.

    On a CPU TensorFlow is twice as fast without XLA as with it, which is Keras's default
    (benchmarks/train.py); other backends keep theirs.
    """
    import keras

    return False if keras.backend.backend() == "tensorflow" else "auto"
