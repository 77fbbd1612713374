"""Cache of the measurements of crops: kept by video, as long as its crops are the same."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.review.measurements import MEASUREMENTS, VERSION, shows_one_person
from deepfake_dataset.storage.cache_folder import read_cached, write_cached

_FILE = "measurements.parquet"
_EARLIER_FILE = "clues.parquet"
"""The same table under other names of columns: measuring a crop anew takes 4 to 7 ms."""
_CACHED = pa.schema(
    [pa.field("video_id", pa.string()), pa.field("key", pa.string()), *MEASUREMENTS]
)


@dataclass(frozen=True, slots=True)
class MeasurementCache:
    """The measurements of a dataset's crops as far as they are known."""

    dataset: Dataset
    faces: pa.Table
    """Columns of ``read_faces``, in its order."""
    keys: dict[str, str]
    """By video id: changes with the crops, with their tracks and with what is measured."""
    known: pa.Table

    @classmethod
    def of(cls, dataset: Dataset, faces: pa.Table) -> "MeasurementCache":
        """What is known and holds of these faces; a cache that cannot be read is empty."""
        keys = _keys(faces, dataset.settings.extract.margin)
        known = _load(dataset.cache_folder)
        pairs = zip(known["video_id"].to_pylist(), known["key"].to_pylist(), strict=True)
        holds = pa.array([keys.get(video_id) == key for video_id, key in pairs], pa.bool_())
        return cls(dataset, faces, keys, known.filter(holds))

    def missing(self) -> list[str]:
        """Ids of videos that have to be measured."""
        return sorted(self.keys.keys() - set(self.known["video_id"].unique().to_pylist()))

    def with_new(self, measured: dict[str, pa.Table]) -> pa.Table:
        """Measurements of all the faces, rows as in :attr:`faces`; what is new is kept."""
        whole = pa.concat_tables([self.known, *(self._row(*item) for item in measured.items())])
        if measured:
            write_cached(self.dataset.cache_folder / _FILE, _encoded(whole))
        places = pc.index_in(self.faces["face_id"], whole["face_id"].combine_chunks())
        return whole.select(MEASUREMENTS.names).take(places)

    def _row(self, video_id: str, measurements: pa.Table) -> pa.Table:
        count = measurements.num_rows
        head = [pa.array([video_id] * count), pa.array([self.keys[video_id]] * count)]
        return pa.table([*head, *measurements.columns], schema=_CACHED)


def _keys(faces: pa.Table, margin: float) -> dict[str, str]:
    words: dict[str, list[str]] = {}
    columns: Sequence[str] = ("video_id", "label", "sha256", "track")
    for row in zip(*(faces[c].to_pylist() for c in columns), strict=True):
        video_id, label, sha256, track = row
        words.setdefault(video_id, [str(shows_one_person(label))]).append(f"{sha256} {track}")
    head = f"{VERSION} {margin}\n"
    return {
        video_id: hashlib.sha256((head + "\n".join(own)).encode()).hexdigest()
        for video_id, own in words.items()
    }


def _load(folder: Path) -> pa.Table:
    for name in (_FILE, _EARLIER_FILE):
        data = read_cached(folder / name)
        if data is not None:
            with suppress(OSError, pa.ArrowException):
                table = pq.read_table(pa.BufferReader(data), use_threads=False)
                if table.schema.types == _CACHED.types:
                    return table.rename_columns(_CACHED.names)
    return _CACHED.empty_table()


def _encoded(measurements: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(measurements, sink)
    return bytes(sink.getvalue())
