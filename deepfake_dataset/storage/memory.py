"""A storage in memory, for tests: it can be told to fail at any call."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from deepfake_dataset.errors import ConflictError, DatasetBusyError, MissingKeyError
from deepfake_dataset.storage.base import Entry, Lease, Spool
from deepfake_dataset.storage.keys import checked


@dataclass(slots=True)
class _Object:
    data: bytes
    version: str
    modified_s: float


@dataclass(slots=True)
class _Failure:
    method: str
    calls_left: int
    error: Exception


@dataclass(slots=True)
class MemoryStorage:
    """Objects in a dictionary; safe to use from several threads."""

    _objects: dict[str, _Object] = field(default_factory=dict)
    _held: set[str] = field(default_factory=set)
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _versions: Iterator[int] = field(default_factory=count)
    _failures: list[_Failure] = field(default_factory=list)

    def fail(self, method: str, error: Exception, *, after: int = 0) -> None:
        """Let a later call of a method raise the error, once: the next one, or ``after`` so many.

        The call then changes nothing.
        """
        self._failures.append(_Failure(method, after, error))

    def clear_failures(self) -> None:
        """Fail no more, whatever was not called in the meantime."""
        self._failures.clear()

    def get(self, key: str) -> bytes:
        """As :meth:`Storage.get`."""
        with self._calling("get"):
            return self._find(key).data

    def get_with_version(self, key: str) -> tuple[bytes, str]:
        """As :meth:`Storage.get_with_version`."""
        with self._calling("get_with_version"):
            found = self._find(key)
            return found.data, found.version

    def get_range(self, key: str, start: int, end: int) -> bytes:
        """As :meth:`Storage.get_range`."""
        with self._calling("get_range"):
            return self._find(key).data[start:end]

    def stat(self, key: str) -> Entry | None:
        """As :meth:`Storage.stat`."""
        with self._calling("stat"):
            found = self._objects.get(checked(key))
            return _entry(key, found) if found else None

    def put(
        self, key: str, data: bytes, *, unless_exists: bool = False, if_version: str | None = None
    ) -> str:
        """As :meth:`Storage.put`."""
        with self._calling("put"):
            known = self._objects.get(checked(key))
            version = known.version if known else None
            if (unless_exists and known) or (if_version is not None and version != if_version):
                raise ConflictError(f"{self.location(key)} was written by another run", "try again")
            return self._write(key, data)

    def put_all(self, items: Iterable[tuple[str, bytes]]) -> None:
        """As :meth:`Storage.put_all`."""
        for key, data in items:
            with self._calling("put_all"):
                self._write(checked(key), data)

    def put_files(self, files: Iterable[tuple[str, Path]]) -> None:
        """As :meth:`Storage.put_files`."""
        for key, file in files:
            with self._calling("put_files"):
                self._write(checked(key), file.read_bytes())

    def copy(self, source: str, target: str) -> str:
        """As :meth:`Storage.copy`."""
        with self._calling("copy"):
            return self._write(checked(target), self._find(source).data)

    @contextmanager
    def spool(self, prefix: str = "") -> Iterator[Spool]:  # noqa: ARG002 - all are alike
        """As :meth:`Storage.spool`."""
        with self._calling("spool"):
            made = tempfile.TemporaryDirectory()
        with made as folder:
            yield Spool(Path(folder))

    def half_written(self, prefix: str = "", *, deep: bool = True) -> Iterator[str]:  # noqa: ARG002
        """As :meth:`Storage.half_written`: there is never anything."""
        return iter(())

    def discard(self, half_written: str) -> None:
        """As :meth:`Storage.discard`."""

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """As :meth:`Storage.entries`."""
        with self._calling("entries"):
            found = [_entry(key, self._objects[key]) for key in self._keys(prefix)]
        yield from found

    def folders(self, prefix: str) -> Iterator[str]:
        """As :meth:`Storage.folders`."""
        with self._calling("folders"):
            rests = [key[len(prefix) :] for key in self._keys(prefix)]
        yield from sorted({rest.split("/")[0] for rest in rests if "/" in rest})

    def delete(self, key: str) -> None:
        """As :meth:`Storage.delete`."""
        with self._calling("delete"):
            self._objects.pop(checked(key), None)

    def delete_all(self, prefix: str) -> None:
        """As :meth:`Storage.delete_all`."""
        with self._calling("delete_all"):
            for key in self._keys(prefix):
                del self._objects[key]

    def append(self, key: str, lines: bytes, *, header: bytes = b"") -> None:
        """As :meth:`Storage.append`."""
        with self._calling("append"):
            known = self._objects.get(checked(key))
            whole = _whole_lines(known.data) if known else b""
            self._write(key, (whole or header) + lines)

    def read_log(self, key: str, start: int = 0) -> tuple[bytes, int]:
        """As :meth:`Storage.read_log`."""
        with self._calling("read_log"):
            known = self._objects.get(checked(key))
            lines = _whole_lines(known.data[start:]) if known else b""
            return lines, start + len(lines)

    @contextmanager
    def lease(
        self,
        prefix: str = "",
        *,
        wait: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Lease]:
        """As :meth:`Storage.lease`."""
        with self._calling("lease"):
            if prefix in self._held:
                if not wait:
                    raise DatasetBusyError(f"another run holds {self.location(prefix)}", "wait")
                on_wait("another thread")
            self._lock.wait_for(lambda: prefix not in self._held)
            self._held.add(prefix)
        try:
            yield Lease()
        finally:
            with self._lock:
                self._held.discard(prefix)
                self._lock.notify_all()

    def is_empty(self) -> bool:
        """As :meth:`Storage.is_empty`."""
        with self._calling("is_empty"):
            return not self._objects

    def identity(self) -> str:
        """As :meth:`Storage.identity`."""
        return f"memory:{id(self)}"

    def location(self, key: str = "") -> str:
        """As :meth:`Storage.location`."""
        return f"memory:{key}"

    @contextmanager
    def _calling(self, method: str) -> Iterator[None]:
        with self._lock:
            for failure in self._failures:
                if failure.method == method:
                    if failure.calls_left == 0:
                        self._failures.remove(failure)
                        raise failure.error
                    failure.calls_left -= 1
                    break
            yield

    def _find(self, key: str) -> _Object:
        found = self._objects.get(checked(key))
        if found is None:
            raise MissingKeyError(f"there is no {self.location(key)}", "check its name")
        return found

    def _write(self, key: str, data: bytes) -> str:
        version = str(next(self._versions))
        self._objects[key] = _Object(bytes(data), version, time.time())
        return version

    def _keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self._objects if key.startswith(prefix))


def _entry(key: str, found: _Object) -> Entry:
    return Entry(key, len(found.data), found.version, found.modified_s)


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]
