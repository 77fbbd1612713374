"""The columns of ``review/queue.csv``, and how it is written: a row a face, for spreadsheets."""

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import STATES, State, Verdicts
from deepfake_dataset.dataset.spreadsheet_safety import formula_safe_column
from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.storage.cache_folder import read_cached, write_cached

_FORMAT_VERSION = 1
"""Raised whenever :func:`encode_queue_csv` would write the same faces otherwise."""
_STAMP = "queue.txt"
"""In the cache folder: of what the table was made, and its version in the storage."""
COLUMNS_TO_FILL_IN = ("new_decision", "new_reason")
"""For people; the others say what is."""
COLUMNS = (
    "rank",
    "suspicion",
    "reasons",
    "image",
    "video",
    "label",
    "scene",
    "track",
    "time_s",
    "frame",
    "face_id",
    "decision",
    *COLUMNS_TO_FILL_IN,
)


def describe_reasons(names: Sequence[str]) -> str:
    """Reasons as a person reads them, from their names."""
    return "; ".join(reason.text for reason in all_reasons() if reason.name in names)


def update_queue_csv(dataset: Dataset, faces: pa.Table, decided: Verdicts, key: str) -> None:
    """Write the dataset's table, unless it lies there as it would be written.

    ``faces`` are in the order of the queue, ``key`` stands for that order.
    Raises :class:`DatasetWriteError`.
    """
    content, stamp = _content_hash(faces, decided, key), dataset.cache_folder / _STAMP
    there = dataset.storage.stat(layout.QUEUE)
    if there and read_cached(stamp) == f"{content} {there.version}".encode():
        return
    version = dataset.storage.put(layout.QUEUE, encode_queue_csv(faces, decided))
    write_cached(stamp, f"{content} {version}".encode())


def _content_hash(faces: pa.Table, decided: Verdicts, key: str) -> str:
    """Changes with all that the table says: the order, what is decided, and its format."""
    digest = hashlib.sha256(f"{_FORMAT_VERSION} {key} {STATES}\n".encode())
    digest.update(decided.state.tobytes())
    digest.update("\n".join(_labels(faces, decided)).encode())
    return digest.hexdigest()


def encode_queue_csv(faces: pa.Table, decided: Verdicts) -> bytes:
    """The table as bytes: UTF-8 with a byte order mark, as spreadsheets want it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(zip(*_cells(faces, decided), strict=True))
    return text.getvalue().encode("utf-8-sig")


def _cells(faces: pa.Table, decided: Verdicts) -> list[list[object]]:
    """Column by column: row by row takes five times as long."""
    count = faces.num_rows
    columns: dict[str, Any] = {
        "rank": range(1, count + 1),
        "suspicion": _thousandths(faces["suspicion"]),
        "reasons": _reasons(faces["reasons"]),
        "image": _images(faces),
        "video": formula_safe_column(faces["video_path"]).to_pylist(),
        "label": _labels(faces, decided),
        "time_s": _thousandths(faces["time_s"]),
        "decision": np.array([state.value for state in STATES], object)[decided.state].tolist(),
    }
    columns |= {name: faces[name].to_pylist() for name in ("scene", "track", "frame", "face_id")}
    columns |= dict.fromkeys(COLUMNS_TO_FILL_IN, [""] * count)
    return [columns[name] for name in COLUMNS]


def _thousandths(numbers: pa.ChunkedArray) -> list[str]:
    return [f"{number:.3f}" for number in numbers.to_pylist()]


def _reasons(column: pa.ChunkedArray) -> list[str]:
    """As :func:`describe_reasons`, for a whole column."""
    names = [tuple(cell) for cell in column.to_pylist()]
    described = {cell: describe_reasons(cell) for cell in set(names)}
    return [described[cell] for cell in names]


def _images(faces: pa.Table) -> list[str]:
    ids = zip(faces["video_id"].to_pylist(), faces["face_id"].to_pylist(), strict=True)
    return [layout.crop_key(video_id, face_id) for video_id, face_id in ids]


def _labels(faces: pa.Table, decided: Verdicts) -> list[str]:
    labels: list[str] = faces["label"].to_pylist()
    for face in np.flatnonzero(decided.is_in(State.RELABELLED)).tolist():
        labels[face] = label_of(decided, face, labels[face])
    return labels


def label_of(decided: Verdicts, face: int, label: str) -> str:
    """A face's label: of its video, or as it was relabelled."""
    if decided.state_of(face) is not State.RELABELLED:
        return label
    relabelled: str = decided.log["after"][int(decided.row[face])].as_py()
    return relabelled
