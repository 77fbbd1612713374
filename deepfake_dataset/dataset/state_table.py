"""Tables below ``state/``: what runs know of a dataset that no one could compute again.

A table is one object with everything, and beside it a log of changes since. A saving is one
line of the log: it costs no more than what has changed, and is there whole or not at all. Once
the log is larger than the table, the table is written anew.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar, cast

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.cache_table import read_sqlite_rows
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import MissingKeyError
from deepfake_dataset.storage.base import Storage
from deepfake_dataset.storage.local import LocalStorage

Record = TypeVar("Record")
Rows = dict[str, Any]
"""Records as plain values, by key; None for one that was taken out."""

OLD_CACHE = ".cache"
"""Where an earlier version kept state and caches alike; it is moved away once."""
OLD_NAMES = {
    layout.ATTEMPTS: "attempts.sqlite3",
    layout.LOCATIONS: "whereabouts.sqlite3",
    layout.FOLLOW_UPS: "made.sqlite3",
}
"""What the tables were called there."""
_SPARE_BYTES = 1 << 16
"""A log of changes may always grow this large."""


class StateTable(Generic[Record]):
    """Records of one kind by key."""

    def __init__(self, storage: Storage, key: str, kind: type[Record]) -> None:
        """The table under ``key``, which ends in ``.json``."""
        self._storage = storage
        self._key = key
        self._kind = kind

    def load(self) -> dict[str, Record]:
        """All of them, without those that were damaged or are of another version."""
        return dict(_records(read_rows(self._storage, self._key), self._kind))

    def save(self, fresh: Mapping[str, Record], gone: Iterable[str] = ()) -> None:
        """Write some and take some out, in one step that outlasts a crash.

        Only for who holds the dataset's lease. Raises :class:`DatasetWriteError`.
        """
        rows: Rows = dict.fromkeys(gone)
        rows |= {key: to_row(cast(Any, record)) for key, record in fresh.items()}
        change_rows(self._storage, self._key, rows)


def read_rows(storage: Storage, key: str) -> Rows:
    """The rows of a state table; none where there is no such table."""
    rows = _old_rows(storage, key)
    with suppress(MissingKeyError):
        rows |= _parsed(storage.get(key))
    for line in storage.read_log(_log(key))[0].splitlines():
        rows |= _parsed(line)
    return {name: row for name, row in rows.items() if row is not None}


def change_rows(storage: Storage, key: str, rows: Rows) -> None:
    """Write rows into a state table, or take them out."""
    if not rows:
        return
    storage.append(_log(key), json.dumps(rows).encode() + b"\n")
    table, log = storage.stat(key), storage.stat(_log(key))
    if log and log.size > _SPARE_BYTES + (table.size if table else 0):
        # A kill in between does no harm: what the log says then is what the table has.
        storage.put(key, json.dumps(read_rows(storage, key)).encode())
        storage.delete(_log(key))


def _log(key: str) -> str:
    return f"{key}l"


def _old_rows(storage: Storage, key: str) -> Rows:
    """Those of an earlier version, until someone who may write has moved them."""
    if isinstance(storage, LocalStorage):
        with suppress(OSError, sqlite3.Error, ValueError):
            return read_sqlite_rows(storage.root / OLD_CACHE / OLD_NAMES[key])
    return {}


def _parsed(text: bytes) -> Rows:
    """Rows as they were written; none where they were damaged."""
    with suppress(ValueError):
        rows = json.loads(text)
        if isinstance(rows, dict):
            return rows
    return {}


def _records(rows: Rows, kind: type[Record]) -> Iterator[tuple[str, Record]]:
    for key, row in rows.items():
        with suppress(TypeError, ValueError, AttributeError):
            yield key, from_row(kind, row)
