"""A training goes through its storage: on a disk nothing else is left, elsewhere it works too."""

from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.training.history import read_history
from deepfake_dataset.baseline.training.recipes import Recipe, recipe
from deepfake_dataset.baseline.training.run_folder import (
    RunFolder,
    read_recipe,
    save_model,
    write_recipe,
)
from deepfake_dataset.baseline.training.train import train
from deepfake_dataset.dataset import layout
from deepfake_dataset.errors import StorageError, UsageError
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.memory import MemoryStorage

from ..conftest import MakeFaces

QUICK = Recipe(model="notebook", epochs=1, batch=8)


def test_what_was_written_is_there_and_named_after_its_run(tmp_path: Path) -> None:
    run = RunFolder(LocalStorage(tmp_path), layout.run_prefix("best-1"))
    run.write("a.txt", "ü")
    assert run.read("a.txt").decode() == (tmp_path / "models/best-1/a.txt").read_text("utf-8")
    assert (run.has("a.txt"), run.has("b.txt")) == (True, False)
    assert (run.name, run.location()) == ("best-1", str(tmp_path / "models" / "best-1"))
    assert run.location("a.txt") == str(tmp_path / "models" / "best-1" / "a.txt")


def test_a_folder_of_its_own_is_a_run_too(tmp_path: Path) -> None:
    run = RunFolder.at(tmp_path / "mine")
    write_recipe(run, recipe("paper"))
    assert read_recipe(RunFolder.at(tmp_path / "mine")) == recipe("paper")
    assert run.name == "mine"


def test_a_folder_that_holds_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"recipe\.json cannot be read") as caught:
        read_recipe(RunFolder.at(tmp_path))
    assert "train-baseline" in caught.value.hint


def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    run = RunFolder(LocalStorage(tmp_path / "dataset"), layout.run_prefix("../../out"))
    with pytest.raises(StorageError):
        write_recipe(run, QUICK)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_training_needs_no_folder(make_faces: MakeFaces, tmp_path: Path) -> None:
    """Faces read from a storage, a run written to one: both in memory here."""
    examples = read_class_folders(make_faces(each=8))
    storage = MemoryStorage()
    for path in examples.path.tolist():
        storage.put(f"faces/{path}", examples.source.get(path))
    moved = type(examples)(
        storage,
        np.char.add("faces/", examples.path),
        *(examples.label, examples.video, examples.group),
        *(examples.method, examples.resolution, examples.codec),
    )
    stored, local = RunFolder(storage, layout.run_prefix("one")), RunFolder.at(tmp_path / "run")
    networks = [train(moved, moved, QUICK, stored), train(examples, examples, QUICK, local)]
    for here, there in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_array_equal(here, there)
    assert read_history(stored).columns["loss"] == read_history(local).columns["loss"]
    save_model(stored, networks[0], levelled=True)
    assert {entry.key for entry in storage.entries("models/")} == {
        f"models/one/{name}"
        for name in (
            layout.TRAINED_MODEL,
            layout.MODEL_WEIGHTS,
            layout.TRAINING_HISTORY,
            layout.CHECKPOINT,
        )
    }


@pytest.mark.slow
def test_a_training_leaves_its_files_alone(make_faces: MakeFaces, tmp_path: Path) -> None:
    training = read_class_folders(make_faces(each=8))
    network = train(training, None, QUICK, RunFolder.at(tmp_path / "run"))
    save_model(RunFolder.at(tmp_path / "run"), network, levelled=False)
    left = sorted(file.name for file in (tmp_path / "run").iterdir())
    assert left == ["checkpoint.npz", "history.csv", "model.keras", "model.weights.h5"]
