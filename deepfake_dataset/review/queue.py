"""The review queue: the order of faces, and the columns of ``review/queue.csv``."""

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
from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.score import SuspicionScores
from deepfake_dataset.storage.local import file_version
from deepfake_dataset.storage.os_errors import writing

_FORM = 1
"""Raised whenever :func:`write_queue` would write the same faces otherwise."""
_NOTE = "queue.txt"
"""Below ``.cache``: of what the table was made, and its state since."""
NEW = ("new_decision", "new_reason")
"""Columns for people to fill in; the others say what is."""
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
    *NEW,
)


def queue_path(dataset: Dataset) -> Path:
    """Where the table is, or would be."""
    return dataset.root / "review" / "queue.csv"


def rank_by_suspicion(faces: pa.Table, judged: SuspicionScores) -> pa.Table:
    """The faces worst first, with ``suspicion``, and ``reasons`` by their names.

    Equals stay in the order of their videos and times.
    """
    order = np.argsort(-judged.suspicion, kind="stable")
    given = judged.given[order]
    ends = np.concatenate([[0], np.cumsum(given.sum(axis=1))])
    names = pa.array([reason.name for reason in REASONS], pa.string())
    flat = names.take(pa.array(given.nonzero()[1]))
    reasons = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat)
    ranked = faces.take(pa.array(order))
    ranked = ranked.append_column("suspicion", pa.array(judged.suspicion[order]))
    return ranked.append_column("reasons", reasons)


def reason_texts(reasons: Sequence[str]) -> str:
    """Reasons as a person reads them, from their names."""
    return "; ".join(reason.words for reason in REASONS if reason.name in reasons)


def update_queue_file(dataset: Dataset, ranked: pa.Table, said: Verdicts, key: str) -> None:
    """Write the table where it lies, unless it lies there as it would be written.

    ``key`` stands for the ranking. Raises :class:`DatasetWriteError`.
    """
    path, note = queue_path(dataset), dataset.cache_folder / _NOTE
    content = _content(ranked, said, key)
    with suppress(OSError):
        if note.read_bytes() == f"{content} {file_version(path.stat())}".encode():
            return
    write_queue(path, ranked, said)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_bytes(f"{content} {file_version(path.stat())}".encode())


def _content(ranked: pa.Table, said: Verdicts, key: str) -> str:
    """Changes with all that the table says: the ranking, what is decided, and its form."""
    told = hashlib.sha256(f"{_FORM} {key} {STATES}\n".encode())
    told.update(said.state.tobytes())
    told.update("\n".join(_labels(ranked, said)).encode())
    return told.hexdigest()


def write_queue(path: Path, ranked: pa.Table, said: Verdicts) -> None:
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
                writer.writerows(zip(*_cells(ranked, said), strict=True))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _cells(ranked: pa.Table, said: Verdicts) -> list[list[object]]:
    """Column by column: row by row takes five times as long."""
    count = ranked.num_rows
    columns: dict[str, Any] = {
        "rank": range(1, count + 1),
        "suspicion": _thousandths(ranked["suspicion"]),
        "reasons": _all_words(ranked["reasons"]),
        "image": _images(ranked),
        "video": formula_safe_column(ranked["video_path"]).to_pylist(),
        "label": _labels(ranked, said),
        "time_s": _thousandths(ranked["time_s"]),
        "decision": np.array([state.value for state in STATES], object)[said.state].tolist(),
    }
    columns |= {name: ranked[name].to_pylist() for name in ("scene", "track", "frame", "face_id")}
    columns |= dict.fromkeys(NEW, [""] * count)
    return [columns[name] for name in COLUMNS]


def _thousandths(numbers: pa.ChunkedArray) -> list[str]:
    return [f"{number:.3f}" for number in numbers.to_pylist()]


def _all_words(reasons: pa.ChunkedArray) -> list[str]:
    """As :func:`reason_texts`, for a whole column."""
    names = [tuple(given) for given in reasons.to_pylist()]
    known = {given: reason_texts(given) for given in set(names)}
    return [known[given] for given in names]


def _images(ranked: pa.Table) -> list[str]:
    folder = pc.binary_join_element_wise("faces", ranked["video_id"], ranked["face_id"], "/")
    images: list[str] = pc.binary_join_element_wise(folder, "", ".png").to_pylist()
    return images


def _labels(ranked: pa.Table, said: Verdicts) -> list[str]:
    labels: list[str] = ranked["label"].to_pylist()
    for face in np.flatnonzero(said.is_in(State.RELABELLED)).tolist():
        labels[face] = label_of(said, face, labels[face])
    return labels


def label_of(said: Verdicts, face: int, label: str) -> str:
    """A face's label: of its video, or as it was relabelled."""
    if said.state_of(face) is not State.RELABELLED:
        return label
    relabelled: str = said.log["after"][int(said.row[face])].as_py()
    return relabelled
