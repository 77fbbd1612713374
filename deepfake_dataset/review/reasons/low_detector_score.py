"""Reason “low detector score”: the detector was hardly sure."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import OUTLIER_STDS, robust_std, strength


def _strengths(features: FaceFeatures) -> Floats:
    """By how far the score is below the usual one of its detector: scales differ."""
    score = features.recorded("score")
    strengths = np.zeros(len(score))
    detectors = np.asarray(features.faces["detector"].to_numpy(zero_copy_only=False))
    for detector in np.unique(detectors):
        rows = detectors == detector
        usual = np.median(score[rows])
        threshold = max(OUTLIER_STDS / 2 * robust_std(score[rows]), abs(usual) / 2, 1e-9)
        strengths[rows] = strength(usual - score[rows], threshold)
    return strengths


LOW_DETECTOR_SCORE = Reason("low-score", "low detector score", 0.3, _strengths)
