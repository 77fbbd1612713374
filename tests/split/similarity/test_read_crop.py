import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepfake_dataset.errors import UnavailableError
from deepfake_dataset.split.similarity.read_crop import UnusableCrop, read_verified_crop
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.memory import MemoryStorage


def test_a_crop_is_read_as_rgb(tmp_path: Path) -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    cv2.imwrite(str(tmp_path / "a.png"), red[..., ::-1])
    digest = hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    image = read_verified_crop(LocalStorage(tmp_path), "a.png", digest)
    assert isinstance(image, np.ndarray)
    assert np.array_equal(image, red)


def test_a_crop_that_is_gone_changed_or_no_picture_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    digest = hashlib.sha256(b"no picture").hexdigest()
    gone = read_verified_crop(LocalStorage(tmp_path), "gone.png", digest)
    assert gone == UnusableCrop("gone.png", "No such file or directory")
    changed = read_verified_crop(LocalStorage(tmp_path), "text.png", "ab" * 32)
    assert changed == UnusableCrop("text.png", "is not the file that was recorded")
    assert read_verified_crop(LocalStorage(tmp_path), "text.png", digest) == UnusableCrop(
        "text.png", "is no picture"
    )


def test_a_storage_that_does_not_answer_is_no_fault_of_the_crop() -> None:
    storage = MemoryStorage()
    storage.fail("get", UnavailableError("no answer", "try again later"))
    with pytest.raises(UnavailableError):
        read_verified_crop(storage, "a.png", "")
