"""A second look at the crop finds no face, or finds it elsewhere than in the middle."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import (
    UNUSUAL,
    FaceFeatures,
    Floats,
    above_limit,
    robust_spread,
    track_median,
    usual_limit,
)

_LEAST = {
    "look_x": 0.2,
    "look_y": 0.2,
    "look_side": 0.25,
    "eyes_x": 0.12,
    "eyes_y": 0.12,
    "eyes_apart": 0.12,
    "eyes_turn": 15.0,
}
"""What a sound face may always be off, in lengths of the face and degrees. The detector's places
come in steps of a tenth and its sizes of a fifth; five landmarks are surer."""
_NOTHING = 0.6
"""Strength where no face is found at all: so it is in 1 to 2 % of sound crops, in profile
mostly, and in half of those turned far or shifted by half (benchmarks/review_planted_faults.py)."""


def _strengths(features: FaceFeatures) -> Floats:
    off = np.zeros(features.faces.num_rows)
    for name, least in _LEAST.items():
        values = features.measurement(name)
        limit = max(least, UNUSUAL * robust_spread(values))
        off = np.fmax(off, np.abs(values - np.nanmedian(values)) / limit)
        if name.startswith("eyes"):
            away = np.abs(values - track_median(features, values))
            off = np.fmax(off, away / np.maximum(usual_limit(features, away), least / 2))
    found = np.isfinite(features.measurement("look_score"))
    return np.asarray(np.maximum(above_limit(off, 1.0), np.where(found, 0, _NOTHING)))


RECHECK = Reason("second-look", "a second look finds no face, or elsewhere", 0.7, _strengths)
