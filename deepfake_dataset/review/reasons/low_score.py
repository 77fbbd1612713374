"""The detector was hardly sure."""

import numpy as np

from deepfake_dataset.review.features import UNUSUAL, Evidence, Floats, rise, spread
from deepfake_dataset.review.reasons.base import Reason


def _strengths(evidence: Evidence) -> Floats:
    """By how far the score is below the usual one of its detector: scales differ."""
    score = evidence.face("score")
    strengths = np.zeros(len(score))
    detectors = np.asarray(evidence.faces["detector"].to_numpy(zero_copy_only=False))
    for detector in np.unique(detectors):
        rows = detectors == detector
        usual = np.median(score[rows])
        limit = max(UNUSUAL / 2 * spread(score[rows]), abs(usual) / 2, 1e-9)
        strengths[rows] = rise(usual - score[rows], limit)
    return strengths


LOW_SCORE = Reason("low-score", "low detector score", 0.3, _strengths)
