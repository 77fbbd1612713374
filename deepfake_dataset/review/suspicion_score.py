"""Scores how likely each face is wrong, from the strengths of all reasons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats

_GIVEN = 0.5
"""Strength from which a reason is given."""


@dataclass(frozen=True, slots=True)
class SuspicionScores:
    """Of every face, a row each."""

    suspicion: Floats
    """From 0 to 1."""
    given: NDArray[np.bool_]
    """(n, reasons): which of :data:`REASONS` are given."""


def score_faces(features: FaceFeatures) -> SuspicionScores:
    """Judge every face.

    Reasons count as independent: suspicion is the probability that at least one of them
    is right, each taken for as probable as its weight times its strength.
    """
    if not features.faces.num_rows:
        return SuspicionScores(np.zeros(0), np.zeros((0, len(REASONS)), np.bool_))
    strengths = np.stack([reason.strengths(features) for reason in REASONS], axis=1)
    weights = np.array([reason.weight for reason in REASONS])
    return SuspicionScores(1 - np.prod(1 - weights * strengths, axis=1), strengths >= _GIVEN)
