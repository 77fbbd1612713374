"""What any place must do in which a dataset can lie: a folder, a bucket, memory.

A storage holds objects: bytes under a key such as ``videos/0a1b2c3d4e5f6071.parquet``. An
object is written whole or not at all. There are no folders, no renames and no writing in the
middle; two writers who meet are told apart by versions. A new storage must pass
``tests/storage/conformance.py``.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from deepfake_dataset.storage.os_errors import writing


@dataclass(frozen=True, slots=True)
class Entry:
    """One object, without its bytes."""

    key: str
    size: int
    """In bytes."""
    version: str
    """Changes with every write of the object; says nothing else."""
    modified_s: float
    """When it was written; seconds since 1970, by the clock of the storage."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write that one holder has at a time."""

    descriptors: tuple[int, ...] = ()
    """Open files that hold it: a process that inherits them holds it too. Often none."""


@dataclass(frozen=True, slots=True)
class Spool:
    """A folder on this machine for files that become objects when all is done."""

    folder: Path

    def write(self, name: str, data: bytes) -> None:
        """Make a file; it need not be on the disk yet. Raises :class:`DatasetWriteError`."""
        file = self.folder / name
        with writing(file):
            file.write_bytes(data)

    def digest(self, name: str) -> tuple[int, str]:
        """The size of a file in bytes, and its SHA-256 in hex digits."""
        with (self.folder / name).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), sha256


@runtime_checkable
class Storage(Protocol):
    """Objects by key. Keys have forward slashes; no part of one begins with a dot.

    Every method may raise :class:`StorageError`, :class:`UnavailableError` among them; those
    that write may raise :class:`DatasetWriteError`.
    """

    def get(self, key: str) -> bytes:
        """The bytes under a key. Raises :class:`MissingKeyError`."""
        ...

    def get_with_version(self, key: str) -> tuple[bytes, str]:
        """The bytes under a key and their version. Raises :class:`MissingKeyError`."""
        ...

    def get_range(self, key: str, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to before ``end``, fewer where the object ends earlier.

        Raises :class:`MissingKeyError`.
        """
        ...

    def stat(self, key: str) -> Entry | None:
        """What is known of an object without reading it; None where there is none."""
        ...

    def put(
        self, key: str, data: bytes, *, unless_exists: bool = False, if_version: str | None = None
    ) -> str:
        """Write an object, whole or not at all; it is safe from a crash when this returns.

        Gives its version. Raises :class:`ConflictError` where it exists and ``unless_exists``
        was asked for, or where it is gone or has another version than ``if_version``.
        """
        ...

    def put_all(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Write many objects, each as by :meth:`put`; all are safe when this returns.

        Where it is interrupted some may be there and others not.
        """
        ...

    def spool(self, prefix: str = "") -> AbstractContextManager[Spool]:
        """An empty folder on this machine to make files in for :meth:`put_files`.

        It is gone afterwards with all that is still in it. ``prefix`` is where most of the
        objects will lie: on a disk the files need no copy then.
        """
        ...

    def put_files(self, files: Iterable[tuple[str, Path]]) -> None:
        """As :meth:`put_all`, from files of a :meth:`spool`, which may be moved away."""
        ...

    def copy(self, source: str, target: str) -> str:
        """Write an object with the bytes of another one, as :meth:`put` does; none come here.

        Not for a log. Gives the version of the target. Raises :class:`MissingKeyError`.
        """
        ...

    def half_written(self, prefix: str = "", *, deep: bool = True) -> Iterator[str]:
        """What killed writers have left below a prefix that ends in a slash, by where it lies.

        None of it is an object. Writers that are at work have such things too. Without
        ``deep``, only what lies directly there.
        """
        ...

    def discard(self, half_written: str) -> None:
        """Take away something that :meth:`half_written` gave. Only for who holds the lease."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Objects whose keys begin so, in the order of their keys' characters."""
        ...

    def folders(self, prefix: str) -> Iterator[str]:
        """The parts up to the next slash of keys that begin with ``prefix``, in order.

        ``prefix`` ends in a slash: for keys ``a/b/c`` and ``a/d``, ``folders("a/")`` gives ``b``.
        """
        ...

    def delete(self, key: str) -> None:
        """Take an object or a log away; nothing happens where there is none."""
        ...

    def delete_all(self, prefix: str) -> None:
        """Take away all objects whose keys begin so; ``prefix`` ends in a slash.

        Where it is interrupted some may be left.
        """
        ...

    def append(self, key: str, lines: bytes, *, header: bytes = b"") -> None:
        """Add whole lines to a log, all or none; they are safe when this returns.

        A log that is empty begins with the ``header``. What a kill has torn of a line was
        never acknowledged: it is cut off.
        """
        ...

    def read_log(self, key: str, start: int = 0) -> tuple[bytes, int]:
        """The whole lines of a log from a byte on, and where they end; none where there is none.

        ``start`` is 0, or an end that was given before.
        """
        ...

    def lease(
        self,
        prefix: str = "",
        *,
        wait: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> AbstractContextManager[Lease]:
        """Hold what is below a prefix for writing, as the only one; readers need no lease.

        It is free again when its holder ends, however it ends. With ``wait`` this waits for
        another holder, who is named to ``on_wait`` first.
        Raises :class:`DatasetBusyError`, which says who holds it and since when.
        """
        ...

    def is_empty(self) -> bool:
        """Whether nothing lies here, other people's things neither; half-written ones may."""
        ...

    def identity(self) -> str:
        """The same for the same place, however it was named; for people see :meth:`location`."""
        ...

    def location(self, key: str = "") -> str:
        """Where an object lies, as people are told in messages."""
        ...
