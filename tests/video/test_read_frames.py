from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.errors import EmptyFileError
from deepfake_dataset.video.read_frames import read_frames_rgb

Picture = NDArray[np.uint8]


@pytest.fixture
def film(tmp_path: Path, write_film: Callable[..., Path], drifting: list[Picture]) -> Path:
    return write_film(tmp_path / "film.mp4", drifting)


def test_stills_are_the_frames_asked_for(film: Path, drifting: list[Picture]) -> None:
    stills = read_frames_rgb(film, {2, 7})
    assert sorted(stills) == [2, 7]
    for index, still in stills.items():
        errors = [np.abs(still.astype(float) - picture).mean() for picture in drifting]
        assert int(np.argmin(errors)) == index


def test_a_frame_that_is_not_there_is_left_out(film: Path) -> None:
    assert sorted(read_frames_rgb(film, {11, 12, 4000})) == [11]


def test_nothing_wanted_opens_nothing(tmp_path: Path) -> None:
    assert read_frames_rgb(tmp_path / "missing.mp4", set()) == {}


def test_an_empty_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(EmptyFileError):
        read_frames_rgb(tmp_path / "empty.mp4", {0})
