"""A dataset: how a video is committed to it, how it is read back. What lies where: layout.py.

A video is committed by putting its crops into place and then its record. A reader sees a
record only when every crop that it names is there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataframes import FrameKind, as_frame
from deepfake_dataset.dataset.old_cache_migration import move_old_cache
from deepfake_dataset.dataset.schema import arrow_schema, from_row, to_row
from deepfake_dataset.errors import (
    DatasetWriteError,
    MissingCropError,
    MissingKeyError,
    NotADatasetError,
    StorageError,
    UnavailableError,
    UsageError,
)
from deepfake_dataset.records import Video
from deepfake_dataset.settings import Settings, format_settings, parse_settings
from deepfake_dataset.storage.base import Lease, Spool, Storage
from deepfake_dataset.storage.cache_folder import dataset_cache
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.paths import StrPath, as_path


@dataclass(frozen=True, slots=True)
class Dataset:
    """A place that holds a dataset. Made by :meth:`open`, :meth:`create` or :meth:`held`."""

    storage: Storage
    settings: Settings

    @staticmethod
    def is_at(place: StrPath | Storage) -> bool:
        """Whether a folder or a storage holds a dataset.

        Raises :class:`NotADatasetError` where that cannot be told.
        """
        storage = _storage(place)
        try:
            return storage.stat(layout.SETTINGS) is not None
        except UnavailableError:
            raise
        except StorageError as error:
            raise NotADatasetError(
                f"{storage.location()} cannot be opened: {error.reason}",
                "check the name, who owns the folder and its permissions",
            ) from error

    @classmethod
    def open(cls, place: StrPath | Storage) -> Self:
        """The dataset in a folder or a storage.

        Raises :class:`NotADatasetError` where there is none, and :class:`SettingsError` for a
        faulty ``dsbuild.toml``.
        """
        storage = _storage(place)
        _refuse_other_things(storage)
        return cls(storage, _read_settings(storage)[0])

    @classmethod
    def create(cls, place: StrPath | Storage, settings: Settings) -> Self:
        """A new dataset in a place that is missing or empty.

        Raises :class:`NotADatasetError` where it holds something else.
        """
        storage = _storage(place)
        if not storage.is_empty():
            raise NotADatasetError(
                f"{storage.location()} is not a dataset, and not empty",
                "name another folder with -d, or empty this one",
            )
        storage.put(layout.SETTINGS, format_settings(settings), unless_exists=True)
        return cls(storage, settings)

    @classmethod
    @contextmanager
    def held(
        cls,
        place: StrPath | Storage,
        *,
        wait: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> Iterator[tuple[Self, Lease]]:
        """The dataset in a place, for its only writer, and the lease that makes it that.

        Raises what :meth:`open` raises, and :class:`DatasetBusyError` where another run holds
        it and this is not told to ``wait``.
        """
        with cls.lease(place, wait=wait, on_wait=on_wait) as lease:
            yield cls.open_for_writing(place), lease

    @staticmethod
    @contextmanager
    def lease(
        place: StrPath | Storage,
        *,
        wait: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Lease]:
        """The right to write to a dataset, which one holder has at a time; as :meth:`held`."""
        storage = _storage(place)
        _refuse_other_things(storage)
        with storage.lease(wait=wait, on_wait=on_wait) as lease:
            yield lease

    @classmethod
    def open_for_writing(cls, place: StrPath | Storage) -> Self:
        """The dataset in a place, for who holds its lease.

        What an earlier version of the package has left is brought up to date first.
        """
        dataset = cls.open(place)
        move_old_cache(dataset.storage, dataset.cache_folder)
        return dataset

    def with_settings(self, settings: Settings) -> Self:
        """The dataset with other settings, which are kept in its file, comments and all.

        Raises :class:`ConflictError` where another run changes them at this moment.
        """
        kept, known, version = _read_settings(self.storage)
        if kept != settings:
            data = format_settings(settings, known)
            self.storage.put(layout.SETTINGS, data, if_version=version)
        return replace(self, settings=settings)

    @property
    def root(self) -> Path:
        """The folder of a dataset on a disk. Raises :class:`UsageError` where it is elsewhere."""
        if isinstance(self.storage, LocalStorage):
            return self.storage.root
        raise UsageError(
            f"{self.storage.location()} is no folder", "copy the dataset to a disk first"
        )

    @property
    def name(self) -> str:
        """The last part of where it lies."""
        return self.storage.identity().rpartition("/")[2]

    @property
    def cache_folder(self) -> Path:
        """Where the user's cache has what was computed of this dataset; it may not be there yet."""
        return dataset_cache(self.storage.identity())

    def face_path(self, video_id: str, face_id: str) -> Path:
        """The file of a crop, in a dataset on a disk."""
        return self.root / layout.crop_key(video_id, face_id)

    def read(self, video_id: str) -> Video:
        """A video's record.

        Raises :class:`KeyError` where there is none and :class:`UsageError` where it is
        damaged or cannot be read.
        """
        table = self.read_table(video_id)
        with self._undamaged(video_id):
            return from_row(Video, table.to_pylist()[0])

    def is_as_written(self, video: Video) -> bool:
        """Whether the record is byte for byte what this version of Arrow writes.

        Checksums are of pages alone: a bit may flip between them and nobody would know. Of a
        file that another version wrote nothing can be said; it is taken for sound.
        """
        data, anew = self.storage.get(layout.record_key(video.video_id)), _encoded(video)
        return data == anew or _writer(data) != _writer(anew)

    def read_table(self, video_id: str) -> pa.Table:
        """A video's record as a table of one row; raises what :meth:`read` raises."""
        try:
            data = self.storage.get(layout.record_key(video_id))
        except MissingKeyError as error:
            raise KeyError(video_id) from error
        except UnavailableError:
            raise
        except StorageError as error:
            raise UsageError(f"the record {error}", error.hint) from error
        with self._undamaged(video_id):
            # One row needs no threads, and a process that ends while they start aborts.
            source = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
            return source.read(use_threads=False)

    def video_ids(self) -> list[str]:
        """Of all committed videos, sorted."""
        return sorted(self.record_versions())

    def record_versions(self) -> dict[str, str]:
        """By video id: what changes whenever a record does."""
        found = (
            (layout.recorded_video(entry.key), entry.version)
            for entry in self.storage.entries(layout.VIDEOS)
        )
        return {video_id: version for video_id, version in found if video_id}

    def videos_with_crops(self) -> Iterator[str]:
        """The ids of videos that have crops, whether they have a record or not."""
        return filter(layout.is_video_id, self.storage.folders(layout.FACES))

    def videos(self) -> Iterator[Video]:
        """Every record, by video id."""
        return map(self.read, self.video_ids())

    @overload
    def faces(self, columns: Sequence[str] | None = None, *, decided: bool = True) -> pa.Table: ...
    @overload
    def faces(
        self, columns: Sequence[str] | None = None, *, decided: bool = True, kind: FrameKind
    ) -> Any: ...
    def faces(
        self,
        columns: Sequence[str] | None = None,
        *,
        decided: bool = True,
        kind: FrameKind = "arrow",
    ) -> Any:
        """Every face in a row, by video and frame: an Arrow table, or pandas or Polars.

        As people left them: those refused are gone, those fixed or relabelled are as they were
        made; ``crop`` is the path for :meth:`crop`. With ``decided=False`` as they were extracted.
        Raises :class:`ArgumentError` for a column that there is not.
        """
        from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
        from deepfake_dataset.dataset.face_table import read_faces

        table = read_faces(self)
        if decided:
            table = apply_decisions(table, read_decisions(self))
        return as_frame(table, kind, columns)

    def decisions(self, *, kind: FrameKind = "arrow") -> Any:
        """What people said of faces, a row a decision, in the order in which they said it."""
        from deepfake_dataset.dataset.decision_log import read_decisions

        return as_frame(read_decisions(self).rows, kind)

    def crop(self, face: str) -> NDArray[np.uint8]:
        """A crop's pixels as RGB (h, w, 3), by the face's id or by its ``crop`` in :meth:`faces`.

        By the id it is the crop as it was extracted. Raises :class:`MissingCropError`.
        """
        import cv2

        key = face if "/" in face else layout.crop_key(face.partition("-")[0], face)
        try:
            data = np.frombuffer(self.storage.get(key), np.uint8)
        except StorageError as error:
            raise MissingCropError(f"the crop {key} cannot be read: {error}", error.hint) from error
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        if picture is None:
            raise MissingCropError(f"the crop {key} is damaged", "dsbuild verify --repair")
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)

    def staging(self) -> AbstractContextManager[Spool]:
        """A folder for a video's crops, by :func:`layout.crop_name`; gone afterwards."""
        return self.storage.spool(layout.FACES)

    def commit(self, video: Video, staged: Spool | None = None) -> None:
        """Make a video visible at once: crops into place, then the record.

        An earlier record of the video goes first, so that no record ever stands beside
        crops that are not its own; killed in between, the video counts as not done.
        """
        self.remove(video.video_id)
        if staged is not None:
            names = [layout.crop_name(face.face_id) for face in video.faces]
            prefix = layout.crops_prefix(video.video_id)
            self.storage.put_files((prefix + name, staged.folder / name) for name in names)
        self.rewrite(video)

    def rewrite(self, video: Video) -> None:
        """Replace the record of a video whose crops stay as they are, in one step."""
        self.storage.put(layout.record_key(video.video_id), _encoded(video))

    def remove(self, video_id: str) -> None:
        """Take a video out, record first."""
        self.storage.delete(layout.record_key(video_id))
        self.storage.delete_all(layout.crops_prefix(video_id))

    @contextmanager
    def swept(self) -> Iterator[None]:
        """Half-made things cleared away before and after. Only for who holds the lease."""
        self.sweep()
        try:
            yield
        finally:
            with suppress(DatasetWriteError):  # what ended the run is what must be told
                self.sweep()

    def sweep(self) -> None:
        """Clear away what a killed run left half made. Only for who holds the lease."""
        for prefix in _SWEPT:
            for left in list(self.storage.half_written(prefix, deep=False)):
                self.storage.discard(left)
        committed = set(self.video_ids())
        for video_id in list(self.videos_with_crops()):
            if video_id not in committed:
                self.storage.delete_all(layout.crops_prefix(video_id))

    @contextmanager
    def _undamaged(self, video_id: str) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, TypeError, ValueError, IndexError) as error:
            place = self.storage.location(layout.record_key(video_id))
            raise UsageError(
                f"the record {place} is damaged: {error}",
                "delete it and run dsbuild extract again; only this video is done anew",
            ) from error


_SWEPT = (layout.VIDEOS, layout.FACES, layout.STATE)
"""Where only who holds the lease writes: elsewhere a reviewer may be at work."""


def _storage(place: StrPath | Storage) -> Storage:
    if isinstance(place, Storage):
        return place
    return LocalStorage(as_path(place, "dataset"))


def _refuse_other_things(storage: Storage) -> None:
    if not Dataset.is_at(storage):
        raise NotADatasetError(
            f"{storage.location()} is not a dataset: it has no {layout.SETTINGS}",
            "dsbuild extract VIDEOS -d DATASET makes one",
        )


def _read_settings(storage: Storage) -> tuple[Settings, bytes, str]:
    """The settings, the bytes that they were read from, and the version of these."""
    data, version = storage.get_with_version(layout.SETTINGS)
    return parse_settings(data, storage.location(layout.SETTINGS)), data, version


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
