"""Moves what an earlier version of the package kept in a dataset's ``.cache``, once.

State goes into ``state/``, what can be computed again into the user's cache folder. Killed
anywhere, it goes on from there the next time, and nothing is lost.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from deepfake_dataset.dataset.state_table import OLD_CACHE, OLD_NAMES, change_rows, read_rows
from deepfake_dataset.storage.base import Storage
from deepfake_dataset.storage.cache_folder import cache_database, move_folder
from deepfake_dataset.storage.local import LocalStorage

_JOURNAL = "-journal"


def has_old_cache(storage: Storage) -> bool:
    """Whether an earlier version has left something in ``.cache`` that is to be moved."""
    return isinstance(storage, LocalStorage) and (storage.root / OLD_CACHE).is_dir()


def move_old_cache(storage: Storage, cache_folder: Path) -> None:
    """Empty ``.cache`` and take it away. Only for who holds the dataset's lease.

    Where the cache folder cannot be written, ``.cache`` stays for another time.
    Raises :class:`DatasetWriteError`.
    """
    if not isinstance(storage, LocalStorage) or not has_old_cache(storage):
        return
    _finish_transactions(storage)
    for key, name in OLD_NAMES.items():
        if (storage.root / OLD_CACHE / name).exists():
            change_rows(storage, key, read_rows(storage, key))
            storage.discard(f"{OLD_CACHE}/{name}")
    with suppress(OSError):
        move_folder(storage.root / OLD_CACHE, cache_folder)


def _finish_transactions(storage: LocalStorage) -> None:
    """A journal that a killed run has left belongs to its file: SQLite rolls it back first."""
    for journal in sorted((storage.root / OLD_CACHE).rglob(f"*{_JOURNAL}")):
        file = journal.with_name(journal.name.removesuffix(_JOURNAL))
        with suppress(OSError, sqlite3.Error), cache_database(file) as database:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        storage.discard(journal.relative_to(storage.root).as_posix())
