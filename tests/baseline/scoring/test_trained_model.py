"""A network is found in whichever way it was kept, and used as its run says."""

from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from deepfake_dataset.baseline.data.images_to_score import read_images_to_score
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.scoring.calibration import Calibration, write_calibration
from deepfake_dataset.baseline.scoring.trained_model import open_trained_model
from deepfake_dataset.baseline.training.recipes import recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder, save_model, write_recipe
from deepfake_dataset.errors import ModelError, WeightsError

from ..conftest import MakeFaces

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(7)
    return build_model("notebook")


def _kept(folder: Path, network: Any, *changes: str) -> Path:
    """A run's folder, with a temperature of 2."""
    asked = recipe("notebook", changes)
    run = RunFolder.at(folder)
    save_model(run, network, levelled=asked.levelled)
    write_recipe(run, asked)
    write_calibration(run, Calibration(temperature=2.0))
    return folder


@pytest.mark.parametrize("levelled", [False, True])
def test_a_run_its_model_and_its_weights_give_the_same_calibrated_scores(
    tmp_path: Path, network: Any, make_faces: MakeFaces, levelled: bool
) -> None:
    run = _kept(tmp_path / "run", network, f"levelled={levelled}")
    faces = read_images_to_score(make_faces(each=2))
    scores = [
        open_trained_model(place).score(faces).p_real
        for place in (run, run / "model.keras", run / "model.weights.h5")
    ]
    assert scores[1] == pytest.approx(scores[0], abs=1e-6)
    assert scores[2] == pytest.approx(scores[0], abs=1e-6)
    (run / "calibration.json").unlink()
    raw = open_trained_model(run).score(faces).p_real
    assert Calibration(2.0).apply(raw) == pytest.approx(scores[0])
    assert np.abs(raw - scores[0]).max() > 1e-4


def test_a_model_moved_away_from_its_run_is_shown_faces_as_it_was_trained(
    tmp_path: Path, network: Any, make_faces: MakeFaces
) -> None:
    """Levelled faces in another light have nearly the same score."""
    folder = make_faces(each=4, planted=False)
    apart = {}
    for levelled in (False, True):
        run = _kept(tmp_path / f"run-{levelled}", network, f"levelled={levelled}")
        alone = (run / "model.keras").rename(tmp_path / f"{levelled}.keras")
        model, scores = open_trained_model(alone), []
        for change in (0, 40):
            changed = tmp_path / f"{change}-{levelled}" / "real"
            changed.mkdir(parents=True)
            for file in sorted((folder / "real").iterdir()):
                image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) // 2 + change
                cv2.imwrite(str(changed / file.name), image.astype(np.uint8))
            scores.append(model.score(read_images_to_score(changed.parent)).p_real)
        apart[levelled] = np.abs(scores[0] - scores[1]).max()
    assert apart[True] < 1e-5 < 1e-4 < apart[False]


def test_bare_weights_find_the_network_that_they_fit(tmp_path: Path, network: Any) -> None:
    network.save_weights(tmp_path / "bare.weights.h5")
    found = open_trained_model(tmp_path / "bare.weights.h5")
    assert found.model.name == "notebook"
    assert found.calibration == Calibration()


def test_weights_that_fit_none_say_why_for_each(tmp_path: Path) -> None:
    image = layers.Input((8, 8, 3))
    other = keras.Model(image, layers.Dense(1)(layers.Flatten()(image)))
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(WeightsError, match=r"meso4: .*mesoinception4: .*notebook: "):
        open_trained_model(tmp_path / "other.weights.h5")


@pytest.mark.parametrize("name", ["none", "folder", "junk.keras"])
def test_what_is_no_model_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "junk.keras").write_text("junk")
    with pytest.raises(ModelError, match=name):
        open_trained_model(tmp_path / name)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    image = layers.Input((8, 8, 1))
    keras.Model(image, layers.Dense(3)(layers.Flatten()(image))).save(tmp_path / "other.keras")
    with pytest.raises(ModelError, match="gives"):
        open_trained_model(tmp_path / "other.keras")
