"""Unreadable images are named; a few are passed over."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.unreadable_images import split_readable
from deepfake_dataset.errors import ImagesError

from ..conftest import MakeFaces


def _cut(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def test_up_to_one_in_a_hundred_unreadable_images_are_passed_over(make_faces: MakeFaces) -> None:
    folder = make_faces(each=100, side=8)
    _cut(folder / "real" / "007.png")
    (folder / "df" / "003.png").write_bytes(b"")
    sound, bad = split_readable(read_class_folders(folder))
    assert bad == ("df/003.png", "real/007.png")
    assert len(sound) == 198


def test_more_of_them_are_an_error_that_counts_and_names_them(make_faces: MakeFaces) -> None:
    folder = make_faces(each=100, side=8)
    examples = read_class_folders(folder)
    for n in range(8):
        (folder / "df" / f"{n:03d}.png").unlink()
    with pytest.raises(ImagesError, match=r"8 of 200 images .*df/000\.png.* and 3 more"):
        split_readable(examples)
