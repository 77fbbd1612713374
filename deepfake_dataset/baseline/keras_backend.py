"""Sets Keras and its backend up: quiet, repeatable, and with no more threads than cores."""

import logging
import os
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from deepfake_dataset.errors import MissingExtraError
from deepfake_dataset.settings import available_cores

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
"""TensorFlow's own environment variable: from which level on its C++ writes to stderr."""
_EVERYTHING, _NOTHING = "0", "3"


@cache
def set_up_keras() -> None:
    """Import Keras and its backend; TensorFlow gives the same numbers for the same seed then.

    Raises :class:`MissingExtraError` where one of them is not installed.
    """
    _silence_start_up()
    try:
        keras = import_module("keras")
    except ImportError as error:
        raise MissingExtraError(
            f"training and scoring need Keras and a backend: no module {error.name}",
            "pip install 'deepfake-dataset[baseline]'",
        ) from error
    if prepare := _BACKENDS.get(keras.backend.backend()):
        prepare()


def show_start_up() -> None:
    """Let the backend tell of processors, libraries and devices; to be called before it is used."""
    os.environ.setdefault(_LOG_LEVEL, _EVERYTHING)


def _silence_start_up() -> None:
    """Keep TensorFlow's and absl's messages off stderr, unless the user has asked for them."""
    if os.environ.setdefault(_LOG_LEVEL, _NOTHING) == _NOTHING:
        logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _prepare_tensorflow() -> None:
    """Sums are taken in one order only: operations one after the other, each over all cores."""
    config = import_module("tensorflow").config
    config.experimental.enable_op_determinism()
    with suppress(RuntimeError):  # it runs already, and its threads stay as they are
        config.threading.set_inter_op_parallelism_threads(1)
        config.threading.set_intra_op_parallelism_threads(available_cores())


def _prepare_torch() -> None:
    import_module("torch").set_num_threads(available_cores())


_BACKENDS = {"tensorflow": _prepare_tensorflow, "torch": _prepare_torch}
"""JAX takes the cores that the process may use."""


def jit_mode() -> Any:
    """What to compile a network with.

    On a CPU TensorFlow is twice as fast without XLA as with it, which is Keras's default
    (benchmarks/train.py); other backends keep theirs.
    """
    import keras

    return False if keras.backend.backend() == "tensorflow" else "auto"
