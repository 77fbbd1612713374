import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from deepfake_dataset.dataset.cache_table import CacheTable
from deepfake_dataset.dataset.catalog.attempts import Attempts, FailedAttempts
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.old_cache_migration import move_old_cache
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.storage.cache_folder import CACHE_VARIABLE

ID, OTHER = "0123456789abcdef", "fedcba9876543210"
KNOWN = {ID: Attempts(ID, "key", 3, 5.0), OTHER: Attempts(OTHER, "key", 1, 6.0)}
STEPS = ("mkdir", "replace", "unlink", "rmdir", "fsync")


class Killed(BaseException):
    """A kill cannot be caught, and nothing that comes after it is done."""


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache folder of this test alone."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fill(dataset) -> Callable[[], None]:
    """Give the dataset what an earlier version kept in it."""

    def do() -> None:
        old = dataset.root / ".cache"
        CacheTable(old / "attempts.sqlite3", Attempts).save(KNOWN)
        (old / "thumbnails").mkdir(exist_ok=True)
        for name in ("faces.parquet", "fingerprints.sqlite3", "thumbnails/a.webp"):
            (old / name).write_text(name)

    return do


def attempts(dataset: Dataset) -> dict[str, Attempts]:
    return FailedAttempts(dataset)._table.load()


def below(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_state_goes_into_the_dataset_and_the_rest_into_the_users_cache(dataset, fill, cache):
    fill()
    Dataset.open_for_writing(dataset.root)
    assert not (dataset.root / ".cache").exists()
    assert below(dataset.root / "state") == ["attempts.jsonl"]
    assert attempts(dataset) == KNOWN
    moved = ["faces.parquet", "fingerprints.sqlite3", "thumbnails/a.webp"]
    assert below(dataset.cache_folder) == moved
    assert [(dataset.cache_folder / name).read_text() for name in moved] == moved


def test_nothing_is_moved_twice_and_newer_things_stay(dataset, fill, cache):
    fill()
    Dataset.open_for_writing(dataset.root)
    FailedAttempts(dataset).forget([ID])
    (dataset.cache_folder / "faces.parquet").write_text("newer")
    before = below(dataset.root)
    Dataset.open_for_writing(dataset.root)
    assert below(dataset.root) == before
    fill()  # someone has used the earlier version in between
    Dataset.open_for_writing(dataset.root)
    assert attempts(dataset) == {OTHER: KNOWN[OTHER]}
    assert (dataset.cache_folder / "faces.parquet").read_text() == "newer"


def test_who_only_reads_sees_the_state_where_it_is_and_moves_nothing(dataset, fill, cache):
    fill()
    before = below(dataset.root)
    assert attempts(Dataset.open(dataset.root)) == KNOWN
    assert below(dataset.root) == before


def test_a_dataset_on_a_read_only_disk_is_read_as_it_is(dataset, fill, cache):
    fill()
    mount = ["mount", "--bind", "-o", "ro", str(dataset.root), str(dataset.root)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        assert attempts(Dataset.open(dataset.root)) == KNOWN
        with pytest.raises(DatasetWriteError):
            Dataset.open_for_writing(dataset.root)
    finally:
        subprocess.run(["umount", "--lazy", str(dataset.root)], check=True)


def test_a_kill_at_any_step_loses_nothing(dataset, fill, cache, monkeypatch):
    def limited(name: str, steps: list[int], last: int) -> Callable[..., Any]:
        function = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            steps.append(1)
            if len(steps) > last:
                raise Killed
            return function(*args, **kwargs)

        return call

    for last in range(100):
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(dataset.root / "state", ignore_errors=True)
        fill()
        steps: list[int] = []
        with monkeypatch.context() as patch, suppress(Killed):
            for name in STEPS:
                patch.setattr(os, name, limited(name, steps, last))
            move_old_cache(dataset.storage, dataset.cache_folder)
        assert attempts(dataset) == KNOWN
        Dataset.open_for_writing(dataset.root)
        assert attempts(dataset) == KNOWN
        assert not (dataset.root / ".cache").exists()
        moved = [name for name in below(dataset.cache_folder) if ".partial" not in name]
        assert moved == ["faces.parquet", "fingerprints.sqlite3", "thumbnails/a.webp"]
        if len(steps) <= last:
            break
    assert last > 10


def test_a_transaction_that_a_killed_run_began_is_rolled_back_first(dataset, cache):
    old = dataset.root / ".cache"
    CacheTable(old / "attempts.sqlite3", Attempts).save(KNOWN)
    with closing(sqlite3.connect(old / "attempts.sqlite3")) as database:
        database.execute("PRAGMA cache_spill = 1")
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        database.execute("DELETE FROM record")
        rows = ((str(n), "x" * 1000) for n in range(50))
        database.executemany("INSERT INTO record VALUES (?, ?)", rows)
        for name in ("attempts.sqlite3", "attempts.sqlite3-journal"):
            shutil.copy(old / name, cache.with_name(name))
    for name in ("attempts.sqlite3", "attempts.sqlite3-journal"):  # as a kill would leave them
        shutil.copy(cache.with_name(name), old / name)
    Dataset.open_for_writing(dataset.root)
    assert attempts(dataset) == KNOWN
    assert not (dataset.root / ".cache").exists()


@pytest.mark.parametrize("damage", [b"", b"junk" * 1000])
def test_damaged_state_costs_itself_alone(dataset, fill, cache, damage):
    fill()
    (dataset.root / ".cache" / "attempts.sqlite3").write_bytes(damage)
    Dataset.open_for_writing(dataset.root)
    assert attempts(dataset) == {}
    assert not (dataset.root / ".cache").exists()


def test_where_the_users_cache_cannot_be_written_it_is_tried_again_later(dataset, fill, cache):
    fill()
    cache.write_text("a file where the folder should be")
    Dataset.open_for_writing(dataset.root)
    assert attempts(dataset) == KNOWN
    assert below(dataset.root / ".cache")[0] == "faces.parquet"
    cache.unlink()
    Dataset.open_for_writing(dataset.root)
    assert not (dataset.root / ".cache").exists()
    assert below(dataset.cache_folder)[0] == "faces.parquet"
