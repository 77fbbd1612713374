"""A dataset's video is found again by its bytes, wherever that can be known."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.discover import find_videos
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.locate import find_source
from deepfake_dataset.sources.locations import FileLocations

DATA = b"the bytes of a video"
VIDEO_ID = hashlib.sha256(DATA).hexdigest()[:16]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return Dataset.create(tmp_path / "ds", Settings())


def extracted(dataset: Dataset, folder: Path, age_s: float) -> Path:
    """A video that a run has seen, changed so long before."""
    file = folder / "videos" / "a.mp4"
    file.parent.mkdir()
    file.write_bytes(DATA)
    os.utime(file, (time.time() - age_s,) * 2)
    known = KnownFiles.of(dataset)
    found = find_videos([file.parent], None, known)
    known.save()
    FileLocations(dataset).update(found)
    return file


@pytest.mark.parametrize("age_s", [0.0, 3600.0])
def test_a_file_is_found_however_fresh_it_was(
    dataset: Dataset, tmp_path: Path, age_s: float
) -> None:
    file = extracted(dataset, tmp_path, age_s)
    assert find_source(dataset, VIDEO_ID) == file


@pytest.mark.parametrize("age_s", [0.0, 3600.0])
def test_a_file_with_other_bytes_is_not_the_video(
    dataset: Dataset, tmp_path: Path, age_s: float
) -> None:
    extracted(dataset, tmp_path, age_s).write_bytes(b"something else")
    assert find_source(dataset, VIDEO_ID) is None


def test_a_file_that_is_gone_is_not_found(dataset: Dataset, tmp_path: Path) -> None:
    extracted(dataset, tmp_path, 0.0).unlink()
    assert find_source(dataset, VIDEO_ID) is None
    assert find_source(dataset, "0" * 16) is None
