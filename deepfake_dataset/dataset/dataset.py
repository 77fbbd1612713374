"""A dataset on disk: its layout, how a video is committed to it, how it is read back.

    dataset/
      dsbuild.toml                          settings; its presence makes a folder a dataset
      videos/<video_id>.parquet             one row; written last: it is the commit
      faces/<video_id>/<face_id>.png
      .cache/  .lock                        may be deleted at any time when no run is on

A video is committed by moving its crops into place and then its record. A reader sees a
record only when every crop that it names is on the disk.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from deepfake_dataset.dataset.schema import arrow_schema, from_row, to_row
from deepfake_dataset.errors import DatasetWriteError, NotADatasetError, UsageError
from deepfake_dataset.records import Video
from deepfake_dataset.settings import Settings, read_settings, write_settings
from deepfake_dataset.storage.local import flush
from deepfake_dataset.storage.os_errors import writing
from deepfake_dataset.storage.paths import StrPath, as_path

SETTINGS_FILE = "dsbuild.toml"
_ASIDE = ".partial-"
_VIDEO_ID = "[0-9a-f]" * 16


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder that holds a dataset. Made by :meth:`open` or :meth:`create`."""

    root: Path
    settings: Settings

    @staticmethod
    def is_at(root: StrPath) -> bool:
        """Whether a folder holds a dataset.

        Raises :class:`NotADatasetError` where that cannot be told.
        """
        root = as_path(root, "dataset")
        try:
            return (root / SETTINGS_FILE).is_file()
        except OSError as error:
            raise NotADatasetError(
                f"{root} cannot be opened: {error.strerror}",
                "check the name, who owns the folder and its permissions",
            ) from error

    @classmethod
    def open(cls, root: StrPath) -> Self:
        """The dataset in a folder.

        Raises :class:`NotADatasetError` where the folder is none, and
        :class:`SettingsError` for a faulty ``dsbuild.toml``.
        """
        root = as_path(root, "dataset")
        if not cls.is_at(root):
            raise NotADatasetError(
                f"{root} is not a dataset: it has no {SETTINGS_FILE}",
                "dsbuild extract VIDEOS -d DATASET makes one",
            )
        return cls(root, read_settings(root / SETTINGS_FILE))

    @classmethod
    def create(cls, root: StrPath, settings: Settings) -> Self:
        """A new dataset in a folder that is missing or empty.

        Raises :class:`NotADatasetError` where it holds something else.
        """
        root = as_path(root, "dataset")
        with writing(root):
            if root.exists() and not _is_empty(root):
                raise NotADatasetError(
                    f"{root} is not a dataset, and not empty",
                    "name another folder with -d, or empty this one",
                )
            root.mkdir(parents=True, exist_ok=True)
            write_settings(root / SETTINGS_FILE, settings)
            flush(root)
        return cls(root, settings)

    @property
    def videos_folder(self) -> Path:
        """Where records are."""
        return self.root / "videos"

    @property
    def faces_folder(self) -> Path:
        """Where crops are, a folder a video."""
        return self.root / "faces"

    @property
    def cache_folder(self) -> Path:
        """What can be made again: fingerprints of sources, an index of records."""
        return self.root / ".cache"

    def record_path(self, video_id: str) -> Path:
        """Where a video's record is, or would be."""
        return self.videos_folder / f"{video_id}.parquet"

    def face_path(self, video_id: str, face_id: str) -> Path:
        """Where a crop is."""
        return self.faces_folder / video_id / f"{face_id}.png"

    def read(self, video_id: str) -> Video:
        """A video's record.

        Raises :class:`KeyError` where there is none and :class:`UsageError` where it is
        damaged or cannot be read.
        """
        table = self.read_table(video_id)
        with _undamaged(self.record_path(video_id)):
            return from_row(Video, table.to_pylist()[0])

    def is_as_written(self, video: Video) -> bool:
        """Whether the record's file is byte for byte what this version of Arrow writes.

        Checksums are of pages alone: a bit may flip between them and nobody would know. Of a
        file that another version wrote nothing can be said; it is taken for sound.
        """
        data, anew = self.record_path(video.video_id).read_bytes(), _encoded(video)
        return data == anew or _writer(data) != _writer(anew)

    def read_table(self, video_id: str) -> pa.Table:
        """A video's record as a table of one row; raises what :meth:`read` raises."""
        path = self.record_path(video_id)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise KeyError(video_id) from error
        except OSError as error:
            raise UsageError(
                f"the record {path} cannot be read: {error.strerror}",
                "check its permissions, or whether its disk is still there",
            ) from error
        with _undamaged(path):
            # One row needs no threads, and a process that ends while they start aborts.
            source = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
            return source.read(use_threads=False)

    def video_ids(self) -> list[str]:
        """Of all committed videos, sorted."""
        return sorted(path.stem for path in self.videos_folder.glob("[!.]*.parquet"))

    def crop_folders(self) -> Iterator[Path]:
        """Folders of crops, a video each, whether it has a record or not."""
        return self.faces_folder.glob(_VIDEO_ID)

    def videos(self) -> Iterator[Video]:
        """Every record, by video id."""
        return map(self.read, self.video_ids())

    @contextmanager
    def staging(self, video_id: str) -> Iterator[Path]:
        """An empty folder for a video's crops, gone afterwards unless it was committed."""
        aside = self.faces_folder / f"{_ASIDE}{video_id}"
        with writing(aside):
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir(parents=True)
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def commit(self, video: Video, staged: Path | None = None) -> None:
        """Make a video visible at once: crops into place, then the record.

        An earlier record of the video goes first, so that no record ever stands beside
        crops that are not its own; killed in between, the video counts as not done.
        """
        record = self.record_path(video.video_id)
        with writing(record):
            if record.exists():
                record.unlink()
                flush(record.parent)
            self._place_crops(video, staged)
            _write_record(record, video)

    def rewrite(self, video: Video) -> None:
        """Replace the record of a video whose crops stay as they are, in one step."""
        record = self.record_path(video.video_id)
        with writing(record):
            _write_record(record, video)

    def remove(self, video_id: str) -> None:
        """Take a video out, record first."""
        with writing(self.root):
            self.record_path(video_id).unlink(missing_ok=True)
            _clear(self.faces_folder / video_id)

    @contextmanager
    def swept(self) -> Iterator[None]:
        """Half-made things cleared away before and after. Only for who holds the lock."""
        self.sweep()
        try:
            yield
        finally:
            with suppress(DatasetWriteError):  # what ended the run is what must be told
                self.sweep()

    def sweep(self) -> None:
        """Clear away what a killed run left half made. Only for who holds the lock."""
        committed = set(self.video_ids())
        with writing(self.root):
            for left in self.videos_folder.glob(f"{_ASIDE}*"):
                left.unlink()
            for left in self.faces_folder.glob(f"{_ASIDE}*"):
                _clear(left)
            for crops in self.crop_folders():
                if crops.name not in committed:
                    _clear(crops)

    def _place_crops(self, video: Video, staged: Path | None) -> None:
        place = self.faces_folder / video.video_id
        _clear(place)
        if staged is None or not video.faces:
            return
        for face in video.faces:
            flush(staged / f"{face.face_id}.png")
        flush(staged)
        staged.replace(place)
        flush(self.faces_folder)


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, TypeError, ValueError, IndexError) as error:
        raise UsageError(
            f"the record {path} is damaged: {error}",
            "delete it and run dsbuild extract again; only this video is done anew",
        ) from error


def _is_empty(root: Path) -> bool:
    """Whether it holds nothing but what a killed run left of its first step."""
    return root.is_dir() and all(entry.name.startswith(_ASIDE) for entry in root.iterdir())


def _clear(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)


def _encoded(video: Video) -> bytes:
    """The record as Parquet: the same bytes for the same record and version of Arrow."""
    table = pa.Table.from_pylist([to_row(video)], schema=arrow_schema(Video))
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=False,
        write_page_checksum=True,
    )
    return bytes(sink.getvalue())


def _writer(record: bytes) -> str:
    """Which program wrote it, and its version."""
    return str(pq.read_metadata(pa.BufferReader(record)).created_by)


def _write_record(path: Path, video: Video) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{_ASIDE}{path.name}")
    try:
        with aside.open("wb") as file:
            file.write(_encoded(video))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    flush(path.parent)
