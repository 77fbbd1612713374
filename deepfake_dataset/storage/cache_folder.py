"""The user's cache folder: what can be computed again, a folder for each dataset.

``~/.cache/dsbuild`` on Linux, or what ``DSBUILD_CACHE`` names. All of it may be deleted while
nothing runs; it takes time to make again and nothing else.
"""

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

from platformdirs import user_cache_path

from deepfake_dataset.storage.local import ASIDE

CACHE_VARIABLE = "DSBUILD_CACHE"
"""The environment variable that names another folder."""
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_numbers = count()


def cache_root() -> Path:
    """The folder in which all caches of this user lie; it may not be there yet."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else user_cache_path("dsbuild", appauthor=False)


def dataset_cache(location: str) -> Path:
    """The folder for what was computed of one dataset; it may not be there yet.

    ``location`` is where the dataset lies, the same however it was named. The folder's name
    ends in the dataset's own, for people who look what takes the space.
    """
    key = hashlib.sha256(os.fsencode(location)).hexdigest()[:16]
    name = _NO_NAME.sub("_", location.rstrip("/").rpartition("/")[2])[:40]
    return cache_root() / "datasets" / f"{key}-{name}"


def read_cached(file: Path) -> bytes | None:
    """What a file of a cache folder holds; None where it is missing or cannot be read."""
    with suppress(OSError):
        return file.read_bytes()
    return None


def write_cached(file: Path, data: bytes) -> None:
    """Write a file of a cache folder, whole or not at all.

    Where it cannot be written it is done without. It need not outlast a crash of the machine,
    so nothing waits for the disk.
    """
    aside = file.with_name(f"{ASIDE}{os.getpid()}-{next(_numbers)}-{file.name}"[:255])
    with suppress(OSError):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(data)
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def cache_database(file: Path) -> Iterator[sqlite3.Connection]:
    """An SQLite file of a cache folder, made where there is none; all or nothing of this is done.

    Raises :class:`OSError` and :class:`sqlite3.Error`, for its caller to do without.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database, database:
        yield database


def discard_cached(file: Path) -> None:
    """Take away a file of a cache folder that is damaged, and what SQLite keeps beside it."""
    for part in (file, file.with_name(f"{file.name}-journal")):
        with suppress(OSError):
            part.unlink()


def discard_cache(folder: Path) -> None:
    """Take away all that was computed of a dataset that will not be there again."""
    shutil.rmtree(folder, ignore_errors=True)


def move_folder(source: Path, target: Path) -> None:
    """Move the files below a folder to below another one, each whole; then the first is gone.

    What is there already stays. Both may be on disks of their own. Raises :class:`OSError`.
    """
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        place = target / file.relative_to(source)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            aside = place.with_name(f"{ASIDE}{place.name}")
            shutil.copyfile(file, aside)
            aside.replace(place)
        file.unlink()
    shutil.rmtree(source)
