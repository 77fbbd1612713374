"""What layers respond to is measured, and what excites them does."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from deepfake_dataset.baseline.network import activations
from deepfake_dataset.baseline.network.activations import (
    MaximisingInputs,
    layers_to_show,
    maximise_activations,
    mean_activations,
)

RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def model() -> Any:
    """An inception block, a convolution, two dense layers."""
    keras.utils.set_random_seed(5)
    image = layers.Input((24, 24, 3))
    branches = [layers.Conv2D(2, side, padding="same", activation="relu")(image) for side in (1, 3)]
    x = layers.MaxPooling2D(2)(layers.Concatenate()(branches))
    x = layers.MaxPooling2D(2)(layers.Conv2D(5, 3, padding="same", activation="relu")(x))
    x = layers.Dense(4, activation="relu")(layers.Flatten()(x))
    return keras.Model(image, layers.Activation("sigmoid")(layers.Dense(1)(x)))


@pytest.fixture(scope="module")
def excited(model: Any) -> dict[str, MaximisingInputs]:
    return {layer.layer: layer for layer in maximise_activations(model)}


def faces(number: int) -> Any:
    return RNG.random((number, 24, 24, 3)).astype(np.float32)


def test_joints_stand_for_the_branches_that_they_join(model: Any) -> None:
    kinds = [type(layer).__name__ for layer in layers_to_show(model)]
    assert kinds == ["Concatenate", "Conv2D", "Dense", "Dense"]


def test_names_count_layers_of_the_model_alone(model: Any) -> None:
    names = [layer.layer for layer in mean_activations(model, faces(1), faces(1))]
    assert names == ["inception 1", "convolution 1", "dense 1", "output"]


def test_means_are_those_of_all_faces_however_many_are_in_memory(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, real = faces(7), faces(3)
    monkeypatch.setattr(activations, "_AT_ONCE", 3)
    _, convolution, dense, _ = mean_activations(model, fake, real)
    outputs = keras.Model(model.input, layers_to_show(model)[1].output)(fake)
    assert convolution.fake.shape == (12, 12, 5)
    assert convolution.fake == pytest.approx(
        keras.ops.convert_to_numpy(outputs).mean(axis=0), abs=1e-5
    )
    assert dense.real.shape == (4,)


def test_found_inputs_excite_their_unit_more_than_faces_do(
    model: Any, excited: dict[str, MaximisingInputs]
) -> None:
    dense = excited["dense 1"]
    before = activations._before_activation(model, layers_to_show(model)[2])
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
