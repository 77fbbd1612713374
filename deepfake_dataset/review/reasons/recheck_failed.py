"""Reason “a second look finds no face, or elsewhere”: the crop is checked by itself.

Detector and landmarks run anew on the crop alone; a face that they find elsewhere than in its
middle, in another size or turned, was aligned badly.
"""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import (
    OUTLIER_STDS,
    robust_std,
    strength,
    track_median,
    track_threshold,
)

_ALWAYS_ALLOWED = {
    "recheck_x": 0.2,
    "recheck_y": 0.2,
    "recheck_side": 0.25,
    "eyes_x": 0.12,
    "eyes_y": 0.12,
    "eyes_apart": 0.12,
    "eyes_turn": 15.0,
}
"""What a sound face may always be off, in lengths of the face and degrees. The detector's places
come in steps of a tenth and its sizes of a fifth; five landmarks are surer."""
_NO_FACE_STRENGTH = 0.6
"""Strength where no face is found at all: so it is in 1 to 2 % of sound crops, in profile
mostly, and in half of those turned far or shifted by half
(benchmarks/review_planted_faults.py)."""


def _strengths(features: FaceFeatures) -> Floats:
    off = np.zeros(features.faces.num_rows)
    for name, allowed in _ALWAYS_ALLOWED.items():
        values = features.measured(name)
        threshold = max(allowed, OUTLIER_STDS * robust_std(values))
        off = np.fmax(off, np.abs(values - np.nanmedian(values)) / threshold)
        if name.startswith("eyes"):
            away = np.abs(values - track_median(features, values))
            off = np.fmax(off, away / np.maximum(track_threshold(features, away), allowed / 2))
    found = np.isfinite(features.measured("recheck_score"))
    return np.asarray(np.maximum(strength(off, 1.0), np.where(found, 0, _NO_FACE_STRENGTH)))


RECHECK_FAILED = Reason("second-look", "a second look finds no face, or elsewhere", 0.7, _strengths)
