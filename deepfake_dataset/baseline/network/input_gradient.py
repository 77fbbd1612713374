"""How a result changes with its input: what Keras leaves to its backends."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


def input_gradient(of: Callable[[Any], Any], at: NDArray[np.float32]) -> NDArray[np.float32]:
    """Slope of a single number computed with ``keras.ops``, in the shape of its input."""
    return np.asarray(_BACKENDS[keras.backend.backend()](of, at))


def _tensorflow(of: Callable[[Any], Any], at: NDArray[np.float32]) -> Any:
    import tensorflow

    point = tensorflow.constant(at)
    with tensorflow.GradientTape() as tape:
        tape.watch(point)
        result = of(point)
    return tape.gradient(result, point)


def _jax(of: Callable[[Any], Any], at: NDArray[np.float32]) -> Any:
    import jax

    return jax.grad(of)(at)


def _torch(of: Callable[[Any], Any], at: NDArray[np.float32]) -> Any:
    point = keras.ops.convert_to_tensor(at).requires_grad_()
    of(point).backward()
    return point.grad.cpu()


_BACKENDS: dict[str, Callable[[Callable[[Any], Any], NDArray[np.float32]], Any]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
}
