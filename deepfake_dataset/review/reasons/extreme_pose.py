"""Reason “extreme pose”: the face looks far to the side."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import strength

_FAR_DEG = 40.0
"""Of the estimate in ``Face.yaw_deg``: from about there the far eye begins to be hidden."""


def _strengths(features: FaceFeatures) -> Floats:
    return strength(np.abs(features.recorded("yaw_deg")), _FAR_DEG)


EXTREME_POSE = Reason("pose", "extreme pose", 0.2, _strengths)
