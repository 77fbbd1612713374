"""One writer at a time in a folder: a lock that the kernel lets go when its holder dies."""

import fcntl
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from deepfake_dataset.errors import DatasetBusyError
from deepfake_dataset.storage.base import Lease
from deepfake_dataset.storage.os_errors import writing


@contextmanager
def file_lease(
    root: Path, *, wait: bool = False, on_wait: Callable[[str], None] = lambda _: None
) -> Iterator[Lease]:
    """Hold a folder for writing; readers need no lease.

    A process that inherits the lease's descriptor holds the folder too, so that a worker
    which outlives its parent for a moment never meets the next run. With ``wait`` it waits
    for another holder to end, who is named to ``on_wait`` first.

    Raises :class:`DatasetBusyError`, which says who holds it and since when.
    """
    path = root / ".lock"
    with writing(path):
        file = path.open("a+")
    with file:
        with writing(path):
            _take(file, root, wait, on_wait)
            _sign(file)
        yield Lease((file.fileno(),))


def _take(file: TextIO, root: Path, wait: bool, on_wait: Callable[[str], None]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip() or "just started"
        if not wait:
            raise DatasetBusyError(
                f"another run holds {root}: {holder}",
                "wait for it to end (dsbuild run --wait does), or stop that process",
            ) from error
        on_wait(holder)
        fcntl.flock(file, fcntl.LOCK_EX)


def _sign(file: TextIO) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    file.truncate(0)
    file.write(f"process {os.getpid()} since {since} on {platform.node()}\n")
    file.flush()
