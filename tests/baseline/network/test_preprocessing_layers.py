"""A network that knows levelled faces levels them itself, whoever feeds it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from deepfake_dataset.baseline.data.grey_levelled_input import level_luma
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.network.preprocessing_layers import (
    level,
    taking_byte_pixels,
    with_preprocessing,
    without_preprocessing,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(7)
    return build_model("notebook")


def _faces(n: int, side: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    y, x = np.mgrid[:side, :side]
    waves = [128 + 90 * np.sin(x / (7 + k)) * np.cos(y / (9 + 2 * k)) for k in range(3 * n)]
    return np.stack(waves, -1).astype(np.uint8).reshape(side, side, n, 3).transpose(2, 0, 1, 3)


@pytest.mark.parametrize("side", [128, 101])
def test_it_levels_as_training_does(side: int) -> None:
    luma = _faces(3, side)[..., 0]
    grey = np.repeat(luma[..., None], 3, axis=3).astype(np.float32) / 255
    got = 255 * keras.ops.convert_to_numpy(level(grey))
    for one, wanted in zip(got, map(level_luma, luma), strict=True):
        assert np.abs(one - wanted[..., None]).max() <= 1


def test_light_and_colour_hardly_change_a_score(network: Any) -> None:
    faces = _faces(4, 128).astype(np.float32) / 255
    tint = np.array([0.1, -0.051, 0], np.float32)  # leaves luma as it is
    changed = (faces * 0.8, np.clip(faces + tint, 0, 1))

    def moved(model: Any) -> list[float]:
        before = model.predict_on_batch(faces)
        return [float(np.abs(model.predict_on_batch(x) - before).max()) for x in changed]

    bare, behind = moved(network), moved(with_preprocessing(network, levelled=True))
    assert all(5 * there < here for here, there in zip(bare, behind, strict=True))


def test_without_levelling_nothing_stands_before_a_network(network: Any) -> None:
    assert with_preprocessing(network, levelled=False) is network


def test_weights_are_shared_and_counted_once(network: Any) -> None:
    model = with_preprocessing(network, levelled=True)
    assert model.count_params() == network.count_params()
    assert model.input_shape == network.input_shape
    assert model.weights[0] is network.weights[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_bytes_are_what_the_network_takes_as_floats(network: Any, channels: int) -> None:
    faces = _faces(3, 128)[..., :channels]
    model = taking_byte_pixels(network, grey=channels == 1)
    floats = np.multiply(np.broadcast_to(faces, (3, 128, 128, 3)), np.float32(1 / 255))
    np.testing.assert_array_equal(model.predict_on_batch(faces), network.predict_on_batch(floats))
    assert without_preprocessing(model) is network


def test_a_saved_one_needs_nothing_but_keras(tmp_path: Path, network: Any) -> None:
    model, faces = (
        with_preprocessing(network, levelled=True),
        _faces(2, 128).astype(np.float32) / 255,
    )
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "faces.npy", faces)
    code = (
        "import keras, numpy, sys; model = keras.saving.load_model('model.keras');"
        " numpy.save('scores.npy', model.predict_on_batch(numpy.load('faces.npy')));"
        " assert not any(name.startswith('deepfake_dataset') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    np.testing.assert_allclose(
        np.load(tmp_path / "scores.npy"), model.predict_on_batch(faces), atol=1e-5
    )
