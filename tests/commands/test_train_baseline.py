"""``dsbuild train-baseline``, from a folder of faces or a dataset's manifests to a report."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.keras_backend import set_up_keras
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.network.load_weights import load_weights
from deepfake_dataset.baseline.network.preprocessing_layers import with_preprocessing
from deepfake_dataset.baseline.scoring.predict import predict
from deepfake_dataset.baseline.training.recipes import recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder, read_recipe
from deepfake_dataset.commands.train_baseline import TrainedBaseline, train_baseline
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import ImagesError, LeakError, MissingExtraError, UsageError
from deepfake_dataset.settings import Settings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"  # Keras, saving
    ),
]
QUICK = ("model=notebook", "epochs=2", "batch=8", "learning_rate=3e-3")
FILES = (
    "calibration.json",
    "checkpoint.npz",
    "history.csv",
    "model.keras",
    "model.weights.h5",
    "recipe.json",
    "report.html",
    "report.json",
)


def _face(file: Path, seed: int, *, forged: bool) -> None:
    image = np.random.default_rng(seed).integers(60, 200, size=(130, 130, 3), dtype=np.uint8)
    if forged:
        image[::4, ::4] = 255
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), image)


class ReachedError(Exception):
    """The training would begin."""


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is trained: what comes before is the question."""

    def reached(*_: object, **__: object) -> None:
        raise ReachedError

    monkeypatch.setattr("deepfake_dataset.baseline.training.train.train", reached)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces of twenty groups a class, two a group."""
    folder = tmp_path_factory.mktemp("elsewhere")
    lines = ["path,group"]
    for n in range(40):
        for kind in ("real", "df"):
            _face(folder / kind / f"{n}.png", n, forged=kind == "df")
            lines.append(f"{kind}/{n}.png,{kind}{n // 2}")
    (folder / "groups.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def baseline(faces: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainedBaseline:
    """What a training on these came to; nobody changes it."""
    return train_baseline(tmp_path_factory.mktemp("runs"), images=faces, changes=QUICK)


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """A dataset with manifests of faces; nothing else is in it."""
    root = Dataset.create(tmp_path / "split", Settings()).root
    (root / "manifests").mkdir()
    for side, count in (("train", 16), ("val", 4), ("test", 4)):
        lines = ["path,label,group_id,method,codec"]
        for n in range(count):
            for label, method in (("real", ""), ("fake", "Deepfakes")):
                path = f"faces/{side}-{label}-{n}.png"
                _face(root / path, n, forged=label == "fake")
                lines.append(f"{path},{label},{side}-{label}-{n},{method},h264")
        (root / "manifests" / f"{side}.csv").write_text("\n".join(lines) + "\n")
    return root


def test_faces_of_elsewhere_give_a_run_with_all_its_files(baseline: TrainedBaseline) -> None:
    assert Path(baseline.run).name == "best-1"
    assert sorted(file.name for file in Path(baseline.run).iterdir()) == sorted(FILES)
    about = baseline.report.about
    assert about.trained_on + about.validated_on + about.tested_on == 80
    assert baseline.epochs == 2


def test_the_same_seed_gives_the_same_report_and_the_command_line_prints_it(
    baseline: TrainedBaseline, faces: Path, tmp_path: Path, dsbuild: Callable[..., Any]
) -> None:
    changes = [part for change in QUICK for part in ("--set", change)]
    ran = dsbuild("train-baseline", "-d", tmp_path, "--images", faces, *changes, "--json")
    assert "per face" in ran.err
    assert ran.json["report"]["about"]["recipe"] == "best"
    for name in ("report.json", "report.html", "history.csv", "recipe.json", "calibration.json"):
        again = Path(ran.json["run"]) / name
        assert again.read_bytes() == (Path(baseline.run) / name).read_bytes()


def test_model_weights_and_recipe_belong_together(baseline: TrainedBaseline, faces: Path) -> None:
    run, examples = Path(baseline.run), read_class_folders(faces).at(np.arange(4))
    assert read_recipe(RunFolder.at(run)) == recipe("best", QUICK)
    model, other = (
        keras.saving.load_model(run / layout.TRAINED_MODEL, compile=False),
        build_model("notebook"),
    )
    load_weights(other, run / layout.MODEL_WEIGHTS)
    levelled = with_preprocessing(other, levelled=True)
    np.testing.assert_allclose(predict(model, examples), predict(levelled, examples), atol=1e-6)


def test_a_damaged_recipe_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"epoch": 3}')
    with pytest.raises(UsageError, match=r"recipe\.json cannot be read"):
        read_recipe(RunFolder.at(tmp_path))


def test_manifests_are_trained_on_with_groups_held_back_for_validation(split: Path) -> None:
    (split / "manifests" / "val.csv").unlink()
    report = train_baseline(split, changes=QUICK).report
    about = report.about
    assert about.trained_on + about.validated_on == 32
    assert (about.validated_on > 0, about.tested_on) == (True, 8)
    assert {part.value for part in report.slices} == {"Deepfakes", "h264"}


@pytest.mark.usefixtures("untrained")
def test_runs_are_numbered_and_the_last_one_is_resumed(faces: Path, tmp_path: Path) -> None:
    for resume in (False, False, True):
        with pytest.raises(ReachedError):
            train_baseline(tmp_path, images=faces, resume=resume)
    assert sorted(run.name for run in (tmp_path / "models").iterdir()) == ["best-1", "best-2"]


@pytest.mark.usefixtures("untrained")
def test_a_named_run_is_not_overwritten(faces: Path, tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "checkpoint.npz").touch()
    with pytest.raises(UsageError, match="holds a training already"):
        train_baseline(tmp_path, images=faces, run="mine")


@pytest.mark.usefixtures("untrained")
def test_a_leak_is_refused_unless_forced(split: Path) -> None:
    test = split / "manifests" / "test.csv"
    test.write_text(test.read_text().replace("test-real-0,,", "train-real-0,,"))
    with pytest.raises(LeakError, match="group train-real-0 is in the training and in the test"):
        train_baseline(split)
    with pytest.raises(ReachedError):
        train_baseline(split, force=True)


@pytest.mark.usefixtures("untrained")
def test_what_the_audit_finds_is_refused_unless_forced(split: Path) -> None:
    def audit(root: Path) -> None:
        raise LeakError(f"near copies in {root.name}", "split again")

    with pytest.raises(LeakError, match="near copies in split"):
        train_baseline(split, audit=audit)
    with pytest.raises(ReachedError):
        train_baseline(split, audit=audit, force=True)


@pytest.mark.usefixtures("untrained")
def test_a_test_of_one_class_is_an_error(split: Path) -> None:
    test = split / "manifests" / "test.csv"
    rows = [row for row in test.read_text().splitlines() if ",fake," not in row]
    test.write_text("\n".join(rows) + "\n")
    with pytest.raises(ImagesError, match="the test set has real faces only: 4"):
        train_baseline(split)


def test_a_dataset_without_manifests_says_what_makes_them(tmp_path: Path) -> None:
    Dataset.create(tmp_path / "dataset", Settings())
    with pytest.raises(ImagesError) as caught:
        train_baseline(tmp_path / "dataset")
    assert "dsbuild split" in caught.value.hint


def test_an_unreadable_image_is_named(split: Path) -> None:
    (split / "faces" / "train-real-3.png").write_bytes(b"")
    with pytest.raises(ImagesError, match=r"1 of 32 images .* faces/train-real-3\.png"):
        train_baseline(split)


def test_without_keras_the_extra_is_named(
    faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    set_up_keras.cache_clear()
    with pytest.raises(MissingExtraError) as caught:
        train_baseline(tmp_path, images=faces)
    assert "deepfake-dataset[baseline]" in caught.value.hint
