"""Known files: remembers their video ids, so that a run over them reads none."""

import hashlib
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.sources.files import File
from deepfake_dataset.storage.cache_folder import cache_database, discard_cached

RACY_NS = 2_000_000_000
"""A file changed this shortly before it was hashed is not remembered: it may change again
without its times showing it. Two seconds is the coarsest clock of a file system (FAT)."""

SAVE_EVERY_BYTES = 1 << 30
"""Hashed bytes after which the cache is written: what a killed run has to do again, at most."""

_FILE = "fingerprints.sqlite3"
_CREATE = (
    "CREATE TABLE IF NOT EXISTS fingerprint"
    " (location BLOB PRIMARY KEY, state TEXT NOT NULL, video_id TEXT NOT NULL) WITHOUT ROWID"
)
_SELECT = "SELECT location, state, video_id FROM fingerprint"
_REPLACE = "REPLACE INTO fingerprint (location, state, video_id) VALUES (?, ?, ?)"


class KnownFiles:
    """Video ids by file, kept in an SQLite file that may be deleted at any time.

    A remembered id holds while the file's size, time of modification and time of status
    change are what they were. The last one cannot be set by a program, so it also shows
    new bytes under an old modification time, as ``cp -p`` and ``rsync -t`` leave them.

    A cache that cannot be read is made anew; one that cannot be written is done without.
    """

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """Those that a dataset keeps of its sources."""
        return cls(dataset.cache_folder / _FILE)

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._known = _load(cache)
        self._unsaved: dict[bytes, tuple[str, str]] = {}
        self._unsaved_bytes = 0

    def video_id(self, file: File, *, verify: bool = False) -> str:
        """Give the first 16 hex digits of the SHA-256 of the file's bytes.

        The file is read if it changed since it was remembered, or if told to ``verify``.
        Raises OSError where it cannot be.
        """
        known = self._known.get(os.fsencode(file.location))
        if known and not verify and known[0] == _state(file.status):
            return known[1]
        return self._hash(file.location)

    def locate(self, video_id: str) -> Path | None:
        """Give a file with these bytes that is still as it was, or None."""
        for location, (state, known_id) in self._known.items():
            path = Path(os.fsdecode(location))
            if known_id == video_id and path.is_file() and _state(path.stat()) == state:
                return path
        return None

    def save(self) -> None:
        """Write what is new."""
        if not self._unsaved:
            return
        rows = [(location, *value) for location, value in self._unsaved.items()]
        with suppress(OSError, sqlite3.Error), cache_database(self._cache) as database:
            database.execute(_CREATE)
            database.executemany(_REPLACE, rows)
        self._unsaved.clear()
        self._unsaved_bytes = 0

    def _hash(self, location: str) -> str:
        started_ns = time.time_ns()
        with Path(location).open("rb") as file:
            status = os.fstat(file.fileno())
            video_id = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        if started_ns - status.st_ctime_ns > RACY_NS:
            self._remember(os.fsencode(location), _state(status), video_id)
        self._unsaved_bytes += status.st_size
        if self._unsaved_bytes >= SAVE_EVERY_BYTES:
            self.save()
        return video_id

    def _remember(self, location: bytes, state: str, video_id: str) -> None:
        self._known[location] = self._unsaved[location] = state, video_id


def _state(status: os.stat_result) -> str:
    # As text: SQLite's integers end in the year 2262, file systems' do not.
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _load(cache: Path) -> dict[bytes, tuple[str, str]]:
    try:
        if not cache.exists():
            return {}
        with cache_database(cache) as database:
            return {location: (state, id_) for location, state, id_ in database.execute(_SELECT)}
    except (OSError, sqlite3.Error):
        discard_cached(cache)
        return {}
