"""The crop is much less sharp than the dataset's usual one, for its size in the source."""

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
    sharpness = np.log(np.maximum(features.face("sharpness"), 1e-3))
    below = np.median(sharpness) - sharpness
    return above_limit(below, max(UNUSUAL / 2 * robust_spread(sharpness), np.log(2)))


BLURRED = Reason("blurred", "blurred", 0.2, _strengths)
