"""What the operating system refuses, in plain words and with what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deepfake_dataset.errors import DatasetWriteError

_NO_FOLDER = "it cannot be a folder; name another one with -d"
_HINTS = {
    errno.ENOSPC: "free some space on its disk, then run again: what is committed is kept",
    errno.EDQUOT: "the disk quota is used up; free some space, then run again",
    errno.EFBIG: "files may not grow that large here: see ulimit -f, or the disk's file system",
    errno.EROFS: "its disk is mounted read-only",
    errno.EACCES: "check who owns the folder and its permissions",
    errno.EPERM: "check who owns the folder and its permissions",
    errno.EIO: "its disk reports errors; see the system's log",
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.ELOOP: _NO_FOLDER,
    errno.ENAMETOOLONG: _NO_FOLDER,
    errno.EISDIR: "it is a folder; name a file",
}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn the operating system's refusals into :class:`DatasetWriteError`."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0)
        if hint is None:
            raise
        raise DatasetWriteError(f"cannot write to {place}: {error.strerror}", hint) from error
