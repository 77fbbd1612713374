"""Reason “blurred”: much less sharp than the dataset's usual crop."""

import numpy as np

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import OUTLIER_STDS, robust_std, strength


def _strengths(features: FaceFeatures) -> Floats:
    sharpness = np.log(np.maximum(features.recorded("sharpness"), 1e-3))
    below = np.median(sharpness) - sharpness
    return strength(below, max(OUTLIER_STDS / 2 * robust_std(sharpness), np.log(2)))


BLURRED = Reason("blurred", "blurred", 0.2, _strengths)
