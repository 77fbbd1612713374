import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from deepfake_dataset.dataset.catalog.index import read_summaries, summary_of
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.layout import record_key
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Label, Provenance

ID, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the records that were opened, in order."""
    ids: list[str] = []
    read = Dataset.read

    def counting(self, video_id):
        ids.append(video_id)
        return read(self, video_id)

    monkeypatch.setattr(Dataset, "read", counting)
    return ids


@pytest.fixture
def full(dataset, record, commit):
    """A dataset of two videos."""
    for video_id in (OTHER, ID):
        commit(dataset, record(video_id))
    return dataset


@pytest.fixture
def cache(full) -> Path:
    """Its cache, filled."""
    read_summaries(full)
    (file,) = full.cache_folder.iterdir()
    return file


def test_every_record_is_told_in_brief_by_id(full):
    summaries = read_summaries(full)
    assert list(summaries) == [ID, OTHER]
    assert summaries == {id_: summary_of(full.read(id_)) for id_ in (ID, OTHER)}
    assert (summaries[ID].faces, summaries[ID].frames) == (2, 100)


def test_an_empty_dataset_has_none(dataset):
    assert read_summaries(dataset) == {}


def test_records_that_have_not_changed_are_not_opened_again(full, opened):
    first = read_summaries(full)
    assert sorted(opened) == [ID, OTHER]
    opened.clear()
    assert read_summaries(full) == first
    assert opened == []


def test_a_record_that_was_rewritten_is_opened_again_alone(full, opened):
    read_summaries(full)
    changed = replace(full.read(ID), provenance=Provenance(Label.FAKE))
    full.rewrite(changed)
    opened.clear()
    assert read_summaries(full)[ID] == summary_of(changed)
    assert opened == [ID]


def test_a_record_replaced_within_the_clock_s_grain_is_noticed(full):
    path = full.root / record_key(ID)
    read_summaries(full)
    before = path.stat()
    video = full.read(ID)
    full.rewrite(replace(video, message=video.message[::-1], path=video.path[::-1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read_summaries(full)[ID].path == video.path[::-1]


def test_a_record_that_is_gone_is_forgotten(full, cache):
    full.remove(ID)
    assert list(read_summaries(full)) == [OTHER]
    with closing(sqlite3.connect(cache)) as database:
        assert database.execute("SELECT video_id FROM brief").fetchall() == [(OTHER,)]


def test_a_record_that_a_run_takes_out_before_it_is_opened_is_left_out(full, monkeypatch):
    read = Dataset.read

    def late(self, video_id):
        (self.root / record_key(ID)).unlink(missing_ok=True)
        return read(self, video_id)

    monkeypatch.setattr(Dataset, "read", late)
    assert list(read_summaries(full)) == [OTHER]


def test_a_record_that_a_run_takes_out_while_they_are_listed_is_left_out(full, monkeypatch):
    scandir = os.scandir

    def slow(folder):
        with scandir(folder) as entries:
            listed = list(entries)
        (full.root / record_key(ID)).unlink()
        return nullcontext(listed)

    monkeypatch.setattr(os, "scandir", slow)
    assert list(read_summaries(full)) == [OTHER]


def test_other_files_among_the_records_are_no_records(full):
    for name in (f".partial-{ID}.parquet", "README.md", ".DS_Store"):
        (full.root / "videos" / name).touch()
    assert list(read_summaries(full)) == [ID, OTHER]


def damaged(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[:100] + b"\0" * 5000)


def some_text(cache: Path) -> None:
    cache.write_text("this is something else\n" * 500)


def empty(cache: Path) -> None:
    cache.write_bytes(b"")


def other_columns(cache: Path) -> None:
    cache.unlink()
    with closing(sqlite3.connect(cache)) as database, database:
        database.execute("CREATE TABLE brief (other TEXT)")


def rows(text: str) -> Callable[[Path], None]:
    def spoil(cache: Path) -> None:
        with closing(sqlite3.connect(cache)) as database, database:
            database.execute("UPDATE brief SET row = ?", (text,))

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [damaged, some_text, empty, other_columns]
    + [rows(text) for text in ("", "[]", "null", '{"another": "version"}', '{"status": "odd"}')],
)
def test_a_cache_that_is_spoilt_is_made_anew(spoil, full, cache, opened):
    before = read_summaries(full)
    opened.clear()
    spoil(cache)
    assert read_summaries(full) == before
    assert read_summaries(full) == before
    assert opened == [ID, OTHER] or opened == [OTHER, ID]


def test_a_cache_that_cannot_be_written_is_done_without(full, opened):
    full.cache_folder.parent.mkdir(exist_ok=True)
    full.cache_folder.write_text("a file where the folder should be")
    assert read_summaries(full) == read_summaries(full)
    assert len(opened) == 4


def test_a_dataset_on_a_read_only_disk_can_be_read(dataset, record, commit, opened, tmp_path):
    video = commit(dataset, record(ID))
    mount = ["mount", "--bind", "-o", "ro", str(dataset.root), str(dataset.root)]
    try:
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("this user may not mount a disk")
    except FileNotFoundError:
        pytest.skip("there is no mount")
    try:
        before = sorted(dataset.root.rglob("*"))
        for _ in range(2):
            assert read_summaries(dataset) == {ID: summary_of(video)}
        assert opened == [ID]
        assert sorted(dataset.root.rglob("*")) == before
    finally:
        subprocess.run(["umount", "--lazy", str(dataset.root)], check=True)


def test_a_damaged_record_is_told(full):
    (full.root / record_key(ID)).write_bytes(b"something else")
    with pytest.raises(UsageError, match=f"{ID}.parquet is damaged"):
        read_summaries(full)
