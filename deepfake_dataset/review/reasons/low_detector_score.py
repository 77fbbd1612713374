"""The detector was hardly sure."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import (
    UNUSUAL,
    FaceFeatures,
    Floats,
    above_limit,
    robust_spread,
)


def _strengths(features: FaceFeatures) -> Floats:
    """By how far the score is below the usual one of its detector: scales differ."""
    score = features.face("score")
    strengths = np.zeros(len(score))
    detectors = np.asarray(features.faces["detector"].to_numpy(zero_copy_only=False))
    for detector in np.unique(detectors):
        rows = detectors == detector
        usual = np.median(score[rows])
        limit = max(UNUSUAL / 2 * robust_spread(score[rows]), abs(usual) / 2, 1e-9)
        strengths[rows] = above_limit(usual - score[rows], limit)
    return strengths


LOW_SCORE = Reason("low-score", "low detector score", 0.3, _strengths)
