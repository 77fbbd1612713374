"""What feeds a network leaves nothing behind, whenever it is left."""

import threading
from pathlib import Path

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.training_batches import TrainingBatches
from deepfake_dataset.baseline.training.recipes import recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder

from ..conftest import MakeFaces


def test_threads_have_ended_when_an_epoch_is_left_in_its_middle(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    before = threading.active_count()
    asked = recipe("best", ["batch=4"])
    with TrainingBatches(
        read_class_folders(make_faces(each=24)), 128, asked, RunFolder.at(tmp_path / "run")
    ) as batches_of_epochs:
        updates = batches_of_epochs.epoch(0)
        next(updates)
        assert threading.active_count() > before
    assert threading.active_count() == before
    del updates
