"""Layers worth a look are found, and named alike in every process."""

from typing import Any

import pytest

from deepfake_dataset.baseline.network.layers_to_show import layers_to_show
from deepfake_dataset.baseline.network.mean_activations import mean_activations

from .conftest import faces

pytestmark = pytest.mark.slow


def test_joints_stand_for_the_branches_that_they_join(model: Any) -> None:
    kinds = [type(layer).__name__ for layer in layers_to_show(model)]
    assert kinds == ["Concatenate", "Conv2D", "Dense", "Dense"]


def test_names_count_layers_of_the_model_alone(model: Any) -> None:
    names = [layer.layer for layer in mean_activations(model, faces(1), faces(1))]
    assert names == ["inception 1", "convolution 1", "dense 1", "output"]
