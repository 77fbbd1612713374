"""One run at a time: a lock that the kernel lets go when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from deepfake_dataset.dataset import writing
from deepfake_dataset.errors import DatasetBusyError


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Hold the dataset for writing; readers need no lock.

    Raises :class:`DatasetBusyError`, which says who holds it and since when.
    """
    path = root / ".lock"
    with writing(path):
        file = path.open("a+")
    with file:
        with writing(path):
            _take(file, root)
        yield


def _take(file: TextIO, root: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        raise DatasetBusyError(
            f"another run holds {root}: {file.read().strip() or 'just started'}",
            "wait for it to end, or stop that process",
        ) from error
    file.truncate(0)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    file.write(f"process {os.getpid()} since {since}\n")
    file.flush()
