"""The columns of ``review/queue.csv``, and how it is written: a row a face, for spreadsheets."""

import csv
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import STATES, State, Verdicts
from deepfake_dataset.dataset.spreadsheet_safety import formula_safe_column
from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.storage.local import file_version
from deepfake_dataset.storage.os_errors import writing

_FORMAT_VERSION = 1
"""Raised whenever :func:`write_queue_csv` would write the same faces otherwise."""
_STAMP = "queue.txt"
"""Below ``.cache``: of what the table was made, and the version of its file."""
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


def queue_path(dataset: Dataset) -> Path:
    """Where the table is, or would be."""
    return dataset.root / "review" / "queue.csv"


def describe_reasons(names: Sequence[str]) -> str:
    """Reasons as a person reads them, from their names."""
    return "; ".join(reason.text for reason in all_reasons() if reason.name in names)


def update_queue_csv(dataset: Dataset, faces: pa.Table, decided: Verdicts, key: str) -> None:
    """Write the table where it lies, unless it lies there as it would be written.

    ``faces`` are in the order of the queue, ``key`` stands for that order.
    Raises :class:`DatasetWriteError`.
    """
    path, stamp = queue_path(dataset), dataset.cache_folder / _STAMP
    content = _content_hash(faces, decided, key)
    with suppress(OSError):
        if stamp.read_bytes() == f"{content} {file_version(path.stat())}".encode():
            return
    write_queue_csv(path, faces, decided)
    with suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_bytes(f"{content} {file_version(path.stat())}".encode())


def _content_hash(faces: pa.Table, decided: Verdicts, key: str) -> str:
    """Changes with all that the table says: the order, what is decided, and its format."""
    digest = hashlib.sha256(f"{_FORMAT_VERSION} {key} {STATES}\n".encode())
    digest.update(decided.state.tobytes())
    digest.update("\n".join(_labels(faces, decided)).encode())
    return digest.hexdigest()


def write_queue_csv(path: Path, faces: pa.Table, decided: Verdicts) -> None:
    """Write the table in one step: UTF-8 with a byte order mark, as spreadsheets want it.

    Raises :class:`DatasetWriteError`.
    """
    aside = path.with_name(f".partial-{os.getpid()}-{path.name}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(COLUMNS)
                writer.writerows(zip(*_cells(faces, decided), strict=True))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


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
    folder = pc.binary_join_element_wise("faces", faces["video_id"], faces["face_id"], "/")
    images: list[str] = pc.binary_join_element_wise(folder, "", ".png").to_pylist()
    return images


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
