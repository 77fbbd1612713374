"""Inputs that are found to excite a unit do."""

from typing import Any

import keras
import pytest

from deepfake_dataset.baseline.network import activation_maximisation
from deepfake_dataset.baseline.network.activation_maximisation import (
    MaximisingInputs,
    maximise_activations,
)
from deepfake_dataset.baseline.network.layers_to_show import layers_to_show

from .conftest import faces

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def excited(model: Any) -> dict[str, MaximisingInputs]:
    return {layer.layer: layer for layer in maximise_activations(model)}


def test_found_inputs_excite_their_unit_more_than_faces_do(
    model: Any, excited: dict[str, MaximisingInputs]
) -> None:
    dense = excited["dense 1"]
    before = activation_maximisation._before_activation(model, layers_to_show(model)[2])
    assert dense.inputs.shape == (4, 24, 24, 3)
    assert dense.inputs.min() >= 0
    assert dense.inputs.max() <= 1
    found = keras.ops.convert_to_numpy(before(dense.inputs)).diagonal()
    assert (found > keras.ops.convert_to_numpy(before(faces(50))).max(axis=0)).all()


def test_the_output_has_the_most_real_and_the_most_forged_input(
    model: Any, excited: dict[str, MaximisingInputs]
) -> None:
    most_real, most_forged = keras.ops.convert_to_numpy(model(excited["output"].inputs))[:, 0]
    ordinary = keras.ops.convert_to_numpy(model(faces(50)))[:, 0]
    assert most_forged < ordinary.min()
    assert ordinary.max() < most_real


def test_units_before_the_output_have_its_weights(
    model: Any, excited: dict[str, MaximisingInputs]
) -> None:
    assert excited["convolution 1"].towards_real is None
    assert excited["output"].towards_real is None
    weights = excited["dense 1"].towards_real
    assert weights is not None
    assert weights.tolist() == model.layers[-2].get_weights()[0][:, 0].tolist()


def test_the_same_seed_finds_the_same_inputs(model: Any) -> None:
    first, again, other = (
        next(maximise_activations(model, seed=seed)).inputs for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_the_model_itself_stays_as_it_was(model: Any) -> None:
    face = faces(2)
    before = keras.ops.convert_to_numpy(model(face))
    next(maximise_activations(model))
    assert keras.ops.convert_to_numpy(model(face)).tolist() == before.tolist()
    assert layers_to_show(model)[1].activation.__name__ == "relu"
