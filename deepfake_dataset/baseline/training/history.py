"""The history of a training: the figures of every epoch, in ``history.csv``."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from deepfake_dataset.baseline.scoring.predictions import Floats
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.errors import MissingKeyError


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """The figures of one epoch: a row of ``history.csv``. None where there is no validation."""

    epoch: int
    """Counted from 1."""
    learning_rate: float
    """Of its last update."""
    loss: float
    accuracy: float
    """Of faces as they were trained on: augmented, and with dropout."""
    val_loss: float | None = None
    """Mean of the cross-entropies of both classes, so that their numbers do not matter."""
    val_accuracy: float | None = None
    """Mean of the accuracies of both classes."""
    val_video_auc: float | None = None
    val_video_loss: float | None = None
    """Of videos, by the mean p_real of their faces, both classes alike."""


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


def write_history(run: RunFolder, epochs: Sequence[EpochFigures]) -> None:
    """A row an epoch."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(f.name for f in fields(EpochFigures))
    rows.writerows([getattr(epoch, f.name) for f in fields(EpochFigures)] for epoch in epochs)
    run.write(layout.TRAINING_HISTORY, text.getvalue())


def read_history(run: RunFolder) -> History:
    """What is in a run's folder; empty where nothing is.

    Epochs are numbered from 1 where the file does not number them. What is no number in a
    line, as a killed run may leave it, is nan.
    """
    try:
        text = run.read(layout.TRAINING_HISTORY).decode()
    except MissingKeyError:
        return History(np.empty(0), {})
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    names = list(rows[0]) if rows else []
    columns = {name: np.array([_number(row[name]) for row in rows]) for name in names if name}
    return History(columns.pop("epoch", np.arange(1.0, len(rows) + 1)), columns)


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
