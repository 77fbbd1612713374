"""Slopes are those of calculus, and of the shape of what they are taken at."""

import keras
import numpy as np

from deepfake_dataset.baseline.network.input_gradient import input_gradient


def test_the_slope_of_a_cube_is_three_squares() -> None:
    at = np.array([[1.0, -2.0, 0.5]], np.float32)
    slope = input_gradient(lambda x: keras.ops.sum(x**3), at)
    np.testing.assert_allclose(slope, 3 * at**2, rtol=1e-6)
    assert slope.shape == at.shape
