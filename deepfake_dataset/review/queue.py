"""The queue: faces worst first, and the table of it that people open in a spreadsheet."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepfake_dataset.cells import neutral
from deepfake_dataset.dataset import Dataset, writing
from deepfake_dataset.decisions import State, Verdicts
from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.suspicion import Suspicion

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

_SHOWN = (
    *("video_id", "video_path", "face_id", "reasons", "suspicion", "label"),
    *("scene", "track", "time_s", "frame"),
)


def queue_path(dataset: Dataset) -> Path:
    """Where the table is, or would be."""
    return dataset.root / "review" / "queue.csv"


def rank(faces: pa.Table, judged: Suspicion) -> pa.Table:
    """The faces worst first, with ``suspicion``, and ``reasons`` by their names.

    Equals stay in the order of their videos and times.
    """
    order = np.argsort(-judged.suspicion, kind="stable")
    names = np.array([reason.name for reason in REASONS], object)
    given = [names[row].tolist() for row in judged.given[order]]
    ranked = faces.take(pa.array(order))
    ranked = ranked.append_column("suspicion", pa.array(judged.suspicion[order]))
    return ranked.append_column("reasons", pa.array(given, pa.list_(pa.string())))


def words_of(reasons: Sequence[str]) -> str:
    """Reasons as a person reads them, from their names."""
    return "; ".join(reason.words for reason in REASONS if reason.name in reasons)


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
                writer.writerows(_rows(ranked, said))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def _rows(ranked: pa.Table, said: Verdicts) -> Iterator[list[object]]:
    columns = {name: ranked[name].to_pylist() for name in _SHOWN}
    for i, face_id in enumerate(columns["face_id"]):
        yield [
            i + 1,
            f"{columns['suspicion'][i]:.3f}",
            words_of(columns["reasons"][i]),
            f"faces/{columns['video_id'][i]}/{face_id}.png",
            neutral(columns["video_path"][i]),
            label_of(said, i, columns["label"][i]),
            columns["scene"][i],
            columns["track"][i],
            f"{columns['time_s'][i]:.3f}",
            columns["frame"][i],
            face_id,
            said.state_of(i).value,
            "",
            "",
        ]


def label_of(said: Verdicts, face: int, label: str) -> str:
    """A face's label: of its video, or as it was relabelled."""
    if said.state_of(face) is not State.RELABELLED:
        return label
    relabelled: str = said.log["after"][int(said.row[face])].as_py()
    return relabelled
