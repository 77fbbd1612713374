"""The figures of every epoch, as a training run left them in ``history.csv``."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepfake_dataset.baseline.scoring.metrics import Floats

HISTORY_FILE = "history.csv"


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Columns of one length; nan where an epoch has no figure."""

    epoch: Floats
    columns: Mapping[str, Floats]

    def known(self, column: str) -> tuple[Floats, Floats]:
        """Epochs that have the figure, and the figure; both empty where none has."""
        values = self.columns.get(column, np.full(len(self.epoch), np.nan))
        there = np.isfinite(values)
        return self.epoch[there], values[there]


def read_history(folder: Path) -> History:
    """What is in a run's folder; empty where nothing is.

    Epochs are numbered from 1 where the file does not number them. What is no number in a
    line, as a killed run may leave it, is nan.
    """
    file = folder / HISTORY_FILE
    if not file.is_file():
        return History(np.empty(0), {})
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    names = list(rows[0]) if rows else []
    columns = {name: np.array([_number(row[name]) for row in rows]) for name in names if name}
    return History(columns.pop("epoch", np.arange(1.0, len(rows) + 1)), columns)


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
