"""All faces of a dataset as one table: what review, split and audit count and choose from.

A row a face, by video id and in the record's order. The columns are
the fields of :class:`Face`, the box as four of them, then what is known of the video. The
table is derived from the records and kept in the user's cache folder: only records that have
changed since are read again.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from deepfake_dataset.dataset.catalog.index import read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.schema import arrow_schema
from deepfake_dataset.records import Box, Face, Provenance, Video
from deepfake_dataset.storage.cache_folder import read_cached, write_cached

_FILE = "faces.parquet"
_STREAM = ("container", "codec", "fps", "duration_s", "bit_rate", "width", "height")
_STATE = "state"
"""Column of the cached table: of the record that a row is from."""


def read_faces(dataset: Dataset) -> pa.Table:
    """Every face of the dataset, in the columns of :data:`FACES`.

    Raises :class:`UsageError` for a record that cannot be read.
    """
    cache = dataset.cache_folder / _FILE
    states = _states_with_faces(dataset)
    known = _load(cache)
    kept = _still_current(known, states)
    fresh = sorted(states.keys() - set(pc.unique(kept["video_id"]).to_pylist()))
    tables = [kept, *_read(dataset, states, fresh)]
    table = pa.concat_tables(tables).combine_chunks()
    if len(tables) > 1:
        order = pc.sort_indices(table["video_id"])  # stable: faces stay in their record's order
        table = table.take(order)
    if len(tables) > 1 or len(kept) != len(known):
        _save(cache, table)
    return table.select(FACES.names)


def _states_with_faces(dataset: Dataset) -> dict[str, str]:
    states, summaries = dataset.record_versions(), read_summaries(dataset)
    return {id_: states[id_] for id_ in sorted(states) if id_ in summaries and summaries[id_].faces}


def _faces_schema() -> pa.Schema:
    face = [field for field in arrow_schema(Face) if field.name != "box"]
    box = [pa.field(f"box_{f.name}", pa.float64(), nullable=False) for f in fields(Box)]
    stream = arrow_schema(Video).field("stream").type
    video = [
        pa.field("video_id", pa.string(), nullable=False),
        pa.field("video_path", pa.string(), nullable=False),
        *arrow_schema(Provenance),
        *(stream.field(name) for name in _STREAM),
        pa.field("size_bytes", pa.int64(), nullable=False),
    ]
    return pa.schema([*face, *box, *video])


FACES = _faces_schema()
"""The table's columns."""

_CACHED = FACES.append(pa.field(_STATE, pa.string(), nullable=False))


def _read(dataset: Dataset, states: Mapping[str, str], ids: Iterable[str]) -> Iterable[pa.Table]:
    for video_id in ids:
        with suppress(KeyError):  # a run may have taken it out since
            yield _faces_of(dataset.read_table(video_id), states[video_id])


def _faces_of(record: pa.Table, state: str) -> pa.Table:
    """The faces of one record's table of one row, without a record made of each."""
    faces = pa.Table.from_struct_array(record["faces"].combine_chunks().flatten())
    columns = {name: faces[name] for name in faces.column_names if name != "box"}
    box = pa.Table.from_struct_array(faces["box"])
    columns |= {f"box_{name}": box[name] for name in box.column_names}
    columns |= {
        name: pa.repeat(value, len(faces))
        for name, value in (_of_video(record) | {_STATE: pa.scalar(state)}).items()
    }
    return pa.table(columns).select(_CACHED.names).cast(_CACHED)


def _of_video(record: pa.Table) -> dict[str, pa.Scalar]:
    stream, provenance = record["stream"][0], record["provenance"][0]
    return {
        "video_id": record["video_id"][0],
        "video_path": record["path"][0],
        "size_bytes": record["size_bytes"][0],
        **{name: provenance[name] for name in arrow_schema(Provenance).names},
        **{name: stream[name] for name in _STREAM},
    }


def _still_current(known: pa.Table, states: Mapping[str, str]) -> pa.Table:
    """Rows whose record has not changed since they were read."""
    ids = pa.array(list(states), pa.string())
    wanted = pc.take(pa.array(states.values(), pa.string()), pc.index_in(known["video_id"], ids))
    current = pc.fill_null(pc.equal(known[_STATE], wanted), False)
    if pc.all(current).as_py():
        return known  # nearly always, and what a filter copies is most of the time
    return known.filter(current)


def _load(cache: Path) -> pa.Table:
    """A cache that is damaged, or another version's, is made anew."""
    data = read_cached(cache)
    with suppress(pa.ArrowException):
        table = pq.read_table(pa.BufferReader(data or b""), use_threads=False)
        if table.schema.equals(_CACHED):
            return table
    return _CACHED.empty_table()


def _save(cache: Path, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_cached(cache, sink.getvalue())
