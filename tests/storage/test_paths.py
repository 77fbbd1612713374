import os
from pathlib import Path

import pytest

from deepfake_dataset.errors import ArgumentError
from deepfake_dataset.storage.paths import as_path, as_paths, optional_path


class Named(os.PathLike[str]):
    def __fspath__(self) -> str:
        return "some/where"


@pytest.mark.parametrize("given", ["some/where", Path("some/where"), Named()])
def test_text_and_whatever_names_a_file_are_paths(given):
    assert as_path(given, "dataset") == Path("some/where")
    assert as_paths(given, "videos") == [Path("some/where")]


def test_a_tilde_is_the_users_home():
    assert as_path("~/videos", "videos") == Path.home() / "videos"


@pytest.mark.parametrize("given", [5, None, b"bytes", "", "a\0b", ["list"], object()])
def test_what_is_no_path_is_the_packages_own_error_and_names_the_argument(given):
    with pytest.raises(ArgumentError, match="dataset should be a path") as caught:
        as_path(given, "dataset")
    assert caught.value.hint


def test_several_paths_are_taken_one_by_one():
    assert as_paths(("a", Path("b")), "videos") == [Path("a"), Path("b")]
    with pytest.raises(ArgumentError, match="videos should be a path, not 3"):
        as_paths(["a", 3], "videos")
    with pytest.raises(ArgumentError, match="videos should be paths, not 3"):
        as_paths(3, "videos")


def test_nothing_stays_nothing_where_a_path_may_be_left_out():
    assert optional_path(None, "labels") is None
    assert optional_path("a", "labels") == Path("a")
