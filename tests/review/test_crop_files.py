from dataclasses import replace

import cv2
import numpy as np
import pytest

from deepfake_dataset.errors import MissingCropError, UnavailableError
from deepfake_dataset.review.crop_files import decode_crop, read_crop
from deepfake_dataset.storage.memory import MemoryStorage

KEY = "faces/v/f.png"
PICTURE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


@pytest.fixture
def storage():
    storage = MemoryStorage()
    storage.put(KEY, cv2.imencode(".png", PICTURE)[1].tobytes())
    return storage


@pytest.fixture
def stored(dataset, storage):
    return replace(dataset, storage=storage)


def test_a_crop_is_read_and_decoded(stored, storage):
    assert read_crop(stored, KEY) == storage.get(KEY)
    assert (decode_crop(stored, KEY) == PICTURE).all()


@pytest.mark.parametrize(
    ("data", "problem"),
    [(None, "cannot be read"), (b"", "it is empty"), (b"PNG no more", "is no picture")],
)
def test_a_crop_that_is_missing_or_damaged_is_named(stored, storage, data, problem):
    storage.delete(KEY)
    if data is not None:
        storage.put(KEY, data)
    with pytest.raises(MissingCropError, match=f"memory:{KEY}.* {problem}"):
        decode_crop(stored, KEY)


def test_a_storage_that_does_not_answer_is_no_missing_crop(stored, storage):
    storage.fail("get", UnavailableError("time-out", "try again"))
    with pytest.raises(UnavailableError):
        read_crop(stored, KEY)
