"""The face looks far to the side."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats, above_limit

_FAR_DEG = 40.0
"""Of the estimate in ``Face.yaw_deg``: from about there the far eye begins to be hidden."""


def _strengths(features: FaceFeatures) -> Floats:
    return above_limit(np.abs(features.face("yaw_deg")), _FAR_DEG)


POSE = Reason("pose", "extreme pose", 0.2, _strengths)
