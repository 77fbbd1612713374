import os
from dataclasses import dataclass

import pytest

from deepfake_dataset.dataset.cache_table import CacheTable


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Other:
    colour: str


@pytest.fixture
def table(tmp_path):
    return CacheTable(tmp_path / ".cache" / "things.sqlite3", Thing)


def test_what_is_saved_is_loaded(table):
    table.save({"a": Thing("ä\udcff", 1), "b": Thing("", -2)})
    table.save({"b": Thing("new", 3)}, gone=["a"])
    assert table.load() == {"b": Thing("new", 3)}


def test_one_that_is_not_there_is_empty(table):
    assert table.load() == {}
    table.save({})
    assert table.load() == {}


@pytest.mark.parametrize("damage", [b"", b"junk" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_one_is_made_anew(table, tmp_path, damage):
    table.save({"a": Thing("a", 1)})
    (tmp_path / ".cache" / "things.sqlite3").write_bytes(damage)
    assert table.load() == {}
    table.save({"b": Thing("b", 2)})
    assert table.load() == {"b": Thing("b", 2)}


def test_one_of_another_version_is_made_anew(table, tmp_path):
    CacheTable(tmp_path / ".cache" / "things.sqlite3", Other).save({"a": Other("red")})
    assert table.load() == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_one_that_cannot_be_written_is_done_without(table, tmp_path):
    tmp_path.chmod(0o500)
    try:
        table.save({"a": Thing("a", 1)})
        assert table.load() == {}
    finally:
        tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_its_folder_is_done_without(table, tmp_path):
    (tmp_path / ".cache").write_text("not a folder")
    table.save({"a": Thing("a", 1)})
    assert table.load() == {}
