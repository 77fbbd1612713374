from dataclasses import replace

import pytest

from deepfake_dataset.dataset import layout
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.records import Box
from deepfake_dataset.review.fixed_crops import FaceLocation, RecroppedFace, store_fixed_crop
from deepfake_dataset.storage.memory import MemoryStorage

VIDEO = "0123456789abcdef"
KEY = f"review/crops/{VIDEO}/{VIDEO}-000000-0-cdcdcdcd.png"


@pytest.fixture
def storage():
    return MemoryStorage()


@pytest.fixture
def stored(dataset, storage):
    return replace(dataset, storage=storage)


@pytest.fixture
def location(record):
    return FaceLocation(VIDEO, record(faces=1).faces[0])


def _recropped(png=b"png", sha256="cd" * 32):
    return RecroppedFace(Box(1, 2, 3, 4), (5.0, 6.0), 7, 8, 9, 10, 11, 12, 13, 0.5, sha256, png)


def test_a_crop_lies_under_its_face_and_its_hash(stored, storage, location):
    fix = store_fixed_crop(stored, location, _recropped())
    assert storage.get(KEY) == b"png"
    assert (fix.crop, fix.sha256) == (KEY, "cd" * 32)
    assert (fix.box, fix.landmarks, fix.outside) == (Box(1, 2, 3, 4), (5.0, 6.0), 0.5)
    assert (fix.size_px, fix.margin) == (256, 1.3)


def test_a_crop_that_is_there_is_never_written_over(stored, storage, location):
    store_fixed_crop(stored, location, _recropped())
    version = storage.stat(KEY).version
    store_fixed_crop(stored, location, _recropped())
    assert storage.stat(KEY).version == version
    store_fixed_crop(stored, location, _recropped(b"other", "ab" * 32))
    assert [entry.size for entry in storage.entries(layout.FIXED_CROPS)] == [5, 3]


def test_a_storage_that_refuses_is_told(stored, storage, location):
    storage.fail("put", DatasetWriteError("no space left", "free some"))
    with pytest.raises(DatasetWriteError, match="no space left"):
        store_fixed_crop(stored, location, _recropped())
    assert storage.stat(KEY) is None
