"""Combines the reasons into one score: how likely each face is wrong, and which reasons say so."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.engine.cores import single_threaded
from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.review.reasons.base import NAMED_FROM
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats


@dataclass(frozen=True, slots=True)
class SuspicionScores:
    """Of every face, a row each."""

    suspicion: Floats
    """From 0 to 1."""
    named: NDArray[np.bool_]
    """(n, reasons): which of :func:`all_reasons` are named."""


def score_faces(features: FaceFeatures) -> SuspicionScores:
    """Score every face.

    Reasons count as independent: suspicion is the probability that at least one of them
    is right, each taken for as probable as its weight times its strength.
    """
    reasons = all_reasons()
    if not features.faces.num_rows:
        return SuspicionScores(np.zeros(0), np.zeros((0, len(reasons)), np.bool_))
    with single_threaded():
        strengths = np.stack([_rounded(reason.strengths(features)) for reason in reasons], axis=1)
    weights = np.array([reason.weight for reason in reasons])
    return SuspicionScores(1 - np.prod(1 - weights * strengths, axis=1), strengths >= NAMED_FROM)


def _rounded(strengths: Floats) -> Floats:
    """To 24 bits: what BLAS and the mathematical library give may differ in the last of 53."""
    return strengths.astype(np.float32).astype(np.float64)
