"""Which faces a report shows: the most certain errors first, then the most certain hits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.scoring.predictions import Predictions

ACROSS = 12
"""Faces of each kind."""


@dataclass(frozen=True, slots=True, eq=False)
class FacesOfKind:
    """Faces that are shown side by side, the surest first."""

    title: str
    faces: Predictions
    number: int
    """How many there are of the kind, shown or not."""


def pick_faces(
    predictions: Predictions, threshold: float, across: int = ACROSS
) -> list[FacesOfKind]:
    """Forged taken for real, real taken for forged, then both that were told right.

    Videos take turns, each with its surest face first, so that near copies do not fill a row.
    """
    called = predictions.p_real >= threshold
    is_real = predictions.label == 1
    kinds = (
        ("Forged, taken for real", ~is_real & called, -1),
        ("Real, taken for forged", is_real & ~called, 1),
        ("Forged, found", ~is_real & ~called, 1),
        ("Real, recognised", is_real & called, -1),
    )
    return [
        _faces_of_kind(title, predictions.at(rows), sign, across) for title, rows, sign in kinds
    ]


def _faces_of_kind(title: str, faces: Predictions, sign: int, across: int) -> FacesOfKind:
    by_certainty = faces.at(np.argsort(sign * faces.p_real, kind="stable"))
    turn = _turns(by_certainty.units)
    taken = np.argsort(turn, kind="stable")[:across]
    return FacesOfKind(title, by_certainty.at(np.sort(taken)), len(faces))


def _turns(units: NDArray[np.intp]) -> NDArray[np.intp]:
    """For each row how many earlier rows are of its video."""
    order = np.argsort(units, kind="stable")
    _, starts, counts = np.unique(units[order], return_index=True, return_counts=True)
    turn = np.empty(len(units), np.intp)
    turn[order] = np.arange(len(units)) - np.repeat(starts, counts)
    return turn
