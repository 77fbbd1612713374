"""Faces are decoded once, and read as they are in their files whatever happens."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.decoded_pixels_cache import DecodedPixelsCache
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.read_image import Image, read_image
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.errors import DatasetWriteError, ImagesError

from ..conftest import MakeFaces

Keep = Callable[..., DecodedPixelsCache]


@pytest.fixture
def keep(tmp_path: Path) -> Iterator[Keep]:
    with ExitStack() as stack:
        run = RunFolder.at(tmp_path / "run")
        yield lambda faces, grey=True: stack.enter_context(
            closing(DecodedPixelsCache(faces, run, grey=grey))
        )


@pytest.fixture
def files(make_faces: MakeFaces) -> Examples:
    return read_class_folders(make_faces(each=10))


@pytest.mark.parametrize("grey", [False, True])
def test_a_face_is_the_same_from_its_file_and_kept(keep: Keep, files: Examples, grey: bool) -> None:
    faces = keep(files, grey=grey)
    wanted = decoded(files, grey=grey)
    for _ in range(2):
        for row, image in enumerate(wanted):
            np.testing.assert_array_equal(faces.read(row), image)


def test_a_file_is_read_once(keep: Keep, files: Examples) -> None:
    faces = keep(files)
    before = faces.read(0)
    _remove(files)
    np.testing.assert_array_equal(faces.read(0), before)
    with pytest.raises(ImagesError, match=f"{files.path[1]} is missing"):
        faces.read(1)


def test_threads_do_not_mix_faces_up(keep: Keep, files: Examples) -> None:
    faces = keep(files)
    wanted = decoded(files)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(faces.read, [*range(len(files))] * 20))
    for place, image in enumerate(got):
        np.testing.assert_array_equal(image, wanted[place % len(files)])


def test_a_full_disk_costs_time_only(
    keep: Keep, files: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    faces = keep(files)
    monkeypatch.setattr(os, "pwrite", full)
    for _ in range(2):
        np.testing.assert_array_equal(faces.read(0), decoded(files)[0])


def test_no_more_is_kept_than_half_of_what_is_free(
    keep: Keep, files: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = decoded(files)[0].size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * size))
    faces = keep(files)
    assert faces.read(0).size == faces.read(1).size == size
    _remove(files)
    assert faces.read(0).size == size
    with pytest.raises(ImagesError, match=f"{files.path[1]} is missing"):
        faces.read(1)


def test_no_file_is_to_be_seen(keep: Keep, files: Examples, tmp_path: Path) -> None:
    keep(files).read(0)
    assert list((tmp_path / "run").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(
    keep: Keep, files: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> object:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(tempfile, "mkdtemp", refused)
    with pytest.raises(DatasetWriteError, match="run: Read-only file system"):
        keep(files)


def decoded(files: Examples, *, grey: bool = True) -> list[Image]:
    return [read_image(files.source, path, grey=grey) for path in files.path.tolist()]


def _remove(files: Examples) -> None:
    for file in files.locations:
        Path(file).unlink()
