"""Weights fit, or the layer that they do not fit is named."""

from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.baseline.models import MODELS, build_model, input_side_px
from deepfake_dataset.baseline.network.load_weights import load_weights
from deepfake_dataset.errors import RecipeError, WeightsError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"  # Keras, saving
    ),
]


@pytest.mark.parametrize(
    ("name", "count", "trainable", "side"),
    [
        ("meso4", 28_073, 27_977, 256),
        ("mesoinception4", 28_725, 28_615, 256),
        ("notebook", 47_593, 47_593, 128),
    ],
)
def test_parameters_are_as_many_as_published(
    name: str, count: int, trainable: int, side: int
) -> None:
    model = build_model(name)
    assert model.count_params() == count
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == trainable
    assert input_side_px(model) == side
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize("name", MODELS)
def test_weights_come_back_from_their_file(name: str, tmp_path: Path) -> None:
    written, read = build_model(name), build_model(name)
    written.save_weights(tmp_path / "a.weights.h5")
    load_weights(read, tmp_path / "a.weights.h5")
    for a, b in zip(written.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_of_another_network_name_the_layer(tmp_path: Path) -> None:
    build_model("mesoinception4").save_weights(tmp_path / "a.weights.h5")
    model = build_model("meso4")
    before = model.get_weights()
    with pytest.raises(WeightsError, match="16 conv2d layers, meso4 has 4: nothing fits conv2d"):
        load_weights(model, tmp_path / "a.weights.h5")
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_layer_of_another_shape_is_named(tmp_path: Path) -> None:
    import keras

    wider = keras.Sequential(
        [
            keras.Input((128, 128, 3)),
            *[keras.layers.Conv2D(n, 3) for n in (8, 8, 16, 24)],
            keras.layers.Flatten(),
            keras.layers.Dense(1),
            keras.layers.Dense(1),
        ]
    )
    wider.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(WeightsError, match=r"conv2d_3 does not fit .* 3×3×16×24 and 24 and should"):
        load_weights(build_model("notebook"), tmp_path / "a.weights.h5")


@pytest.mark.parametrize(("content", "problem"), [(None, "missing"), (b"text", "no HDF5 file")])
def test_what_holds_no_weights_is_named(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "a.h5"
    if content:
        file.write_bytes(content)
    with pytest.raises(WeightsError, match=problem):
        load_weights(build_model("notebook"), file)


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(RecipeError, match="no model resnet"):
        build_model("resnet")
