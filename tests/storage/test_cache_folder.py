from pathlib import Path

import pytest
from platformdirs import user_cache_path

from deepfake_dataset.storage.cache_folder import (
    CACHE_VARIABLE,
    cache_root,
    dataset_cache,
    read_cached,
    write_cached,
)


def test_caches_lie_where_the_system_keeps_a_users_caches(monkeypatch):
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_root() == user_cache_path("dsbuild")


@pytest.mark.parametrize("named", ["~/elsewhere", "~"])
def test_another_folder_can_be_named(monkeypatch, named):
    monkeypatch.setenv(CACHE_VARIABLE, named)
    assert cache_root() == Path(named).expanduser()


def test_tests_leave_the_users_cache_alone(cache_of_its_own):
    assert cache_root() == cache_of_its_own
    assert dataset_cache("/data/faces").is_relative_to(cache_of_its_own)


def test_each_dataset_has_a_folder_that_says_which_it_is():
    folders = [dataset_cache(f"/data/{n}") for n in ("a/faces", "b/faces", "b/faces2", "b/f f")]
    assert len(set(folders)) == 4
    assert folders[0].name.endswith("-faces")
    assert dataset_cache("/data/a/faces") == folders[0]


@pytest.mark.parametrize("location", ["/", "/ä ö/..", "/" + "x" * 250, "/\udcff\n"])
def test_any_dataset_has_a_folder_that_can_be_made(location):
    folder = dataset_cache(location)
    folder.mkdir(parents=True)
    assert folder.parent == cache_root() / "datasets"


def test_a_cached_file_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "new" / "a.bin"
    assert read_cached(file) is None
    write_cached(file, b"one")
    write_cached(file, b"two")
    assert read_cached(file) == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["a.bin"]


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "in the way").write_text("")
    write_cached(tmp_path / "in the way" / "a.bin", b"one")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    write_cached(tmp_path / "folder", b"one")
    assert read_cached(tmp_path / "folder") is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "in the way"]
