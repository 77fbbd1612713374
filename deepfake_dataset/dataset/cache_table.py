"""Records by key in a file of the user's cache folder: quick to read, safe to delete."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.storage.cache_folder import cache_database, discard_cached

Record = TypeVar("Record")

_CREATE = (
    "CREATE TABLE IF NOT EXISTS record (key TEXT PRIMARY KEY, row TEXT NOT NULL) WITHOUT ROWID"
)


class CacheTable(Generic[Record]):
    """Records of one kind. One that cannot be read is made anew.

    One that cannot be written is done without: it is made anew each time then.
    """

    def __init__(self, file: Path, kind: type[Record]) -> None:
        self._file = file
        self._kind = kind

    def load(self) -> dict[str, Record]:
        """All of them; none where the file is damaged, or another version's."""
        try:
            return {k: from_row(self._kind, row) for k, row in read_sqlite_rows(self._file).items()}
        except (OSError, sqlite3.Error, TypeError, ValueError):
            discard_cached(self._file)
            return {}

    def save(self, fresh: Mapping[str, Record], gone: Iterable[str] = ()) -> None:
        """Write some and take some out, in one step that outlasts a crash."""
        rows = [(key, json.dumps(to_row(cast(Any, record)))) for key, record in fresh.items()]
        lost = [(key,) for key in gone]
        if not rows and not lost:
            return
        with suppress(OSError, sqlite3.Error), cache_database(self._file) as database:
            database.execute(_CREATE)
            database.executemany("REPLACE INTO record VALUES (?, ?)", rows)
            database.executemany("DELETE FROM record WHERE key = ?", lost)


def read_sqlite_rows(file: Path) -> dict[str, Any]:
    """The rows of a :class:`CacheTable` by key; none where there is no such file.

    Raises :class:`OSError`, :class:`sqlite3.Error` or :class:`ValueError` for a damaged one.
    """
    if not file.exists():
        return {}
    with cache_database(file) as database:
        rows = database.execute("SELECT key, row FROM record")
        return {key: json.loads(row) for key, row in rows}
