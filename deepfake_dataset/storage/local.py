"""Objects as files below a folder of a local disk.

An object is written aside, brought onto the disk, and renamed into place: a reader, a crash or
a kill meets the old bytes or the new ones. What is aside has a name that begins with
``.partial-``; it is never listed, and a later run discards it.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from secrets import token_hex
from stat import S_ISDIR
from time import time_ns

from deepfake_dataset.errors import ConflictError, MissingKeyError, StorageError
from deepfake_dataset.storage.base import Entry, Lease, Spool
from deepfake_dataset.storage.keys import checked
from deepfake_dataset.storage.lease import file_lease
from deepfake_dataset.storage.os_errors import writing

ASIDE = ".partial-"
"""Begins the names of files that are not whole yet."""
_FLUSHES_AT_ONCE = 4
_NO_SECOND_NAMES = {errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV}
"""How file systems without hard links, or with no more of them, refuse one."""


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """The files below a folder, by their paths in it. Safe between threads and processes."""

    root: Path

    def path(self, key: str) -> Path:
        """The file of an object, for libraries that read or map files themselves."""
        return self.root / checked(key)

    def get(self, key: str) -> bytes:
        """As :meth:`Storage.get`."""
        with self._reading(key):
            return self.path(key).read_bytes()

    def get_with_version(self, key: str) -> tuple[bytes, str]:
        """As :meth:`Storage.get_with_version`."""
        with self._reading(key), self.path(key).open("rb") as file:
            return file.read(), file_version(os.fstat(file.fileno()))

    def get_range(self, key: str, start: int, end: int) -> bytes:
        """As :meth:`Storage.get_range`."""
        with self._reading(key), self.path(key).open("rb") as file:
            file.seek(start)
            return file.read(max(0, end - start))

    def stat(self, key: str) -> Entry | None:
        """As :meth:`Storage.stat`."""
        with suppress(MissingKeyError), self._reading(key):
            status = self.path(key).stat()
            return None if S_ISDIR(status.st_mode) else _entry(key, status)
        return None

    def put(
        self, key: str, data: bytes, *, unless_exists: bool = False, if_version: str | None = None
    ) -> str:
        """As :meth:`Storage.put`."""
        path = self.path(key)
        with writing(path), _aside(path, data) as aside, _holding(path.parent):
            known = _version_of(path)
            if (unless_exists and known) or (if_version is not None and known != if_version):
                raise ConflictError(
                    f"{path} was written by another run in the meantime", "run the command again"
                )
            version = file_version(aside.stat())
            aside.replace(path)
            flush(path.parent)
        return version

    def put_all(self, items: Iterable[tuple[str, bytes]]) -> None:
        """As :meth:`Storage.put_all`."""
        folders = set()
        for key, data in items:
            path = self.path(key)
            with writing(path), _aside(path, data) as aside, _holding(path.parent):
                aside.replace(path)
            folders.add(path.parent)
        _flush_all(folders)

    def put_files(self, files: Iterable[tuple[str, Path]]) -> None:
        """As :meth:`Storage.put_files`: the files are renamed, once all are on the disk."""
        moves: dict[Path, list[tuple[Path, Path]]] = defaultdict(list)
        for key, file in files:
            path = self.path(key)
            moves[path.parent].append((file, path))
        _settle_all([file for pairs in moves.values() for file, _ in pairs])
        for folder, pairs in moves.items():
            with writing(folder):
                _make_folder(folder)
                with _holding(folder):
                    for file, path in pairs:
                        file.replace(path)
                flush(folder)

    def copy(self, source: str, target: str) -> str:
        """As :meth:`Storage.copy`: a second name of the file, where the file system has these."""
        known, path = self.path(source), self.path(target)
        with self._reading(source):
            known.stat()
        with writing(path), _second_name(known, path) as aside, _holding(path.parent):
            aside.replace(path)
            flush(path.parent)
            return file_version(path.stat())

    @contextmanager
    def spool(self, prefix: str = "") -> Iterator[Spool]:
        """As :meth:`Storage.spool`; it lies on the same disk."""
        folder = self.root / prefix
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=ASIDE, dir=folder))
        try:
            yield Spool(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def half_written(self, prefix: str = "", *, deep: bool = True) -> Iterator[str]:
        """As :meth:`Storage.half_written`."""
        for folder, folders, files in os.walk(self.root / prefix):
            left = (name for name in (*folders, *files) if name.startswith(ASIDE))
            for name in sorted(left):
                yield Path(folder, name).relative_to(self.root).as_posix()
            folders[:] = sorted(name for name in folders if deep and not name.startswith("."))

    def discard(self, half_written: str) -> None:
        """As :meth:`Storage.discard`."""
        place = self.root / half_written
        with writing(place):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """As :meth:`Storage.entries`."""
        folder, _, _ = prefix.rpartition("/")
        with self._reading(folder):
            yield from self._below(folder, prefix)

    def folders(self, prefix: str) -> Iterator[str]:
        """As :meth:`Storage.folders`."""
        with self._reading(prefix):
            entries = _scanned(self.root / prefix)
        yield from (entry.name for entry in entries if entry.is_dir())

    def delete(self, key: str) -> None:
        """As :meth:`Storage.delete`."""
        path = self.path(key)
        with writing(path), suppress(FileNotFoundError), _holding(path.parent):
            path.unlink()
            flush(path.parent)

    def delete_all(self, prefix: str) -> None:
        """As :meth:`Storage.delete_all`."""
        folder = self.path(prefix.rstrip("/"))
        with writing(folder), suppress(FileNotFoundError):
            shutil.rmtree(folder)
            flush(folder.parent)

    def append(self, key: str, lines: bytes, *, header: bytes = b"") -> None:
        """As :meth:`Storage.append`."""
        path = self.path(key)
        with writing(path):
            _make_folder(path.parent)
            with _holding(path.parent):
                if lines.count(b"\n") == 1 and path.exists():
                    _append_line(path, lines, header)
                else:
                    _append_at_once(path, lines, header)

    def read_log(self, key: str, start: int = 0) -> tuple[bytes, int]:
        """As :meth:`Storage.read_log`."""
        data = b""
        with suppress(MissingKeyError), self._reading(key), self.path(key).open("rb") as file:
            file.seek(start)
            data = file.read()
        lines = data[: data.rfind(b"\n") + 1]
        return lines, start + len(lines)

    def lease(
        self,
        prefix: str = "",
        *,
        wait: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> AbstractContextManager[Lease]:
        """As :meth:`Storage.lease`; the kernel lets it go when its holder dies."""
        if prefix:
            with writing(self.root / prefix):
                _make_folder(self.root / prefix)
        return file_lease(self.root / prefix, wait=wait, on_wait=on_wait)

    def is_empty(self) -> bool:
        """As :meth:`Storage.is_empty`."""
        with writing(self.root):
            if not self.root.is_dir():
                return not self.root.exists()
            return all(file.name.startswith(ASIDE) for file in self.root.iterdir())

    def identity(self) -> str:
        """As :meth:`Storage.identity`: the absolute path, symbolic links followed."""
        return os.path.realpath(self.root)

    def location(self, key: str = "") -> str:
        """As :meth:`Storage.location`."""
        return str(self.root / key)

    def _below(self, folder: str, prefix: str) -> Iterator[Entry]:
        """Of one folder, those that begin so; a folder's place in the order is with its slash."""
        for entry in _scanned(self.root / folder):
            key = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir():
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from self._below(key, prefix)
            elif key.startswith(prefix):
                with suppress(FileNotFoundError):  # it was taken away since
                    yield _entry(key, entry.stat())

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        place = self.root / key
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise MissingKeyError(f"{place} is not there", "check its name") from error
        except OSError as error:
            raise StorageError(
                f"{place} cannot be read: {error.strerror}",
                "check its permissions, or whether its disk is still there",
            ) from error


def file_version(status: os.stat_result) -> str:
    """Changes whenever someone writes a file: size, time of change and inode."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def flush(path: Path) -> None:
    """Bring a file or a folder onto the disk, not just into the system's memory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_file(path: Path, data: str | bytes) -> None:
    """Write a file anywhere in one step, such as one that a user named; text as UTF-8.

    Raises :class:`DatasetWriteError`.
    """
    whole = data.encode() if isinstance(data, str) else data
    with writing(path), _aside(path, whole) as aside:
        aside.replace(path)
        flush(path.parent)


@contextmanager
def _aside(path: Path, data: bytes) -> Iterator[Path]:
    """The data in a file beside the path, on the disk; gone afterwards unless it was renamed.

    Its time of change is set finer than the kernel's clock ticks, so that two versions never
    look alike.
    """
    _make_folder(path.parent)
    aside = _name_aside(path)
    try:
        with FileIO(aside, "w") as file:
            _write_out(file, data)
            _stamp(file.fileno())
            os.fsync(file.fileno())
        yield aside
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _second_name(file: Path, path: Path) -> Iterator[Path]:
    """The file under a name beside the path, gone afterwards unless it was renamed.

    Objects are replaced and never changed, so two may be one file.
    """
    _make_folder(path.parent)
    aside = _name_aside(path)
    try:
        try:
            os.link(file, aside)
        except OSError as error:
            if error.errno not in _NO_SECOND_NAMES:
                raise
            shutil.copyfile(file, aside)
            flush(aside)
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def _name_aside(path: Path) -> Path:
    """A name that no other process has, in a container or on another machine either."""
    return path.with_name(f"{ASIDE}{token_hex(6)}-{path.name[:40]}")


@contextmanager
def _holding(folder: Path) -> Iterator[None]:
    """Keep other writers out of a folder for a moment; the kernel lets go when this dies."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)  # a process forked meanwhile has the handle too
        os.close(handle)


def _make_folder(folder: Path) -> None:
    """Make a folder and those around it; when this returns their names are on the disk."""
    if folder.is_dir():
        return
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError:
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
    flush(folder.parent)


def _flush_all(folders: Iterable[Path]) -> None:
    for folder in folders:
        with writing(folder):
            flush(folder)


def _stamp(handle: int) -> None:
    """Set a file's time of change to now, finer than the kernel's clock ticks."""
    now = time_ns()
    os.utime(handle, ns=(now, now))


def _settle_all(files: Iterable[Path]) -> None:
    """Bring files that others have written onto the disk, several at once: it is waited for."""
    with ThreadPoolExecutor(_FLUSHES_AT_ONCE) as threads:
        for _ in threads.map(_settle, files):
            pass


def _settle(file: Path) -> None:
    with writing(file):
        handle = os.open(file, os.O_RDWR)
        try:
            _stamp(handle)
            os.fsync(handle)
        finally:
            os.close(handle)


def _append_line(path: Path, line: bytes, header: bytes) -> None:
    with FileIO(path, "a+") as file:  # no buffer: it would be written again after a failure
        end = _cut_torn_line(file)
        try:
            _write_out(file, line if end else header + line)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise


def _append_at_once(path: Path, lines: bytes, header: bytes) -> None:
    """All or none, whatever ends the process: a longer log takes the place of the old one."""
    known = path.read_bytes() if path.exists() else b""
    whole = known[: known.rfind(b"\n") + 1] or header
    with _aside(path, whole + lines) as aside:
        aside.replace(path)
    flush(path.parent)


def _cut_torn_line(file: FileIO) -> int:
    """Cut off a last line that a kill has torn; gives the length that is left."""
    end = file.seek(0, os.SEEK_END)
    if not end or os.pread(file.fileno(), 1, end - 1) == b"\n":
        return end
    file.seek(0)
    whole = file.readall().rfind(b"\n") + 1
    file.truncate(whole)
    return whole


def _write_out(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _version_of(path: Path) -> str | None:
    try:
        return file_version(path.stat())
    except FileNotFoundError:
        return None


def _entry(key: str, status: os.stat_result) -> Entry:
    return Entry(key, status.st_size, file_version(status), status.st_mtime)


def _scanned(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, in the order of keys; hidden and half-written files are not."""
    try:
        with os.scandir(folder) as entries:
            seen = [entry for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(seen, key=lambda entry: f"{entry.name}/" if entry.is_dir() else entry.name)
