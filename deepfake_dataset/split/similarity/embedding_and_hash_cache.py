"""Caches embeddings and perceptual hashes of crops by the SHA-256 of the crop's file (SQLite)."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.storage.cache_folder import cache_database, discard_cached

_CREATE = "CREATE TABLE IF NOT EXISTS vector (sha256 BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
_AT_ONCE = 100_000
_DIGEST = 32

Rows = NDArray[Any]


@dataclass(frozen=True, slots=True)
class CropVectorCache:
    """Vectors of one length and type, a row for each crop.

    It lies in the user's cache folder and may be deleted at any time. One that is damaged is begun
    anew; where nothing can be written nothing is kept.
    """

    path: Path
    length: int
    dtype: np.dtype[Any]

    def look_up(self, sha256: Sequence[str], missing: object) -> tuple[Rows, NDArray[np.bool_]]:
        """Rows of shape (n, length) for so many crops, and which of them are known.

        Rows that are not known are filled with ``missing``.
        """
        rows = np.full((len(sha256), self.length), missing, self.dtype)
        known = np.zeros(len(sha256), np.bool_)
        wanted = _digests(sha256)
        for keys, values in self._stored():
            place = np.searchsorted(keys, wanted)
            place[place == len(keys)] = 0
            found = keys[place] == wanted
            rows[found] = values[place[found]]
            known |= found
        return rows, known

    def add(self, sha256: Sequence[str], rows: Rows) -> None:
        """Add rows; on the disk when this returns."""
        pairs = [(bytes.fromhex(s), r.tobytes()) for s, r in zip(sha256, rows, strict=True)]
        if not pairs:
            return
        with suppress(OSError, sqlite3.Error), cache_database(self.path) as database:
            database.execute(_CREATE)
            database.executemany("REPLACE INTO vector VALUES (?, ?)", pairs)

    def _stored(self) -> Iterator[tuple[Rows, Rows]]:
        """Sorted digests and their rows, some at a time so that memory stays bounded."""
        if not self.path.exists():
            return
        try:
            with cache_database(self.path) as database:
                cursor = database.execute("SELECT sha256, value FROM vector ORDER BY sha256")
                while pairs := cursor.fetchmany(_AT_ONCE):
                    keys = _as_digests(b"".join(key for key, _ in pairs))
                    values = np.frombuffer(b"".join(value for _, value in pairs), self.dtype)
                    yield keys, values.reshape(len(keys), self.length)
        except (sqlite3.Error, ValueError):
            discard_cached(self.path)


def _digests(sha256: Sequence[str]) -> Rows:
    return _as_digests(b"".join(bytes.fromhex(text) for text in sha256))


def _as_digests(data: bytes) -> Rows:
    return np.frombuffer(data, f"S{_DIGEST}")
