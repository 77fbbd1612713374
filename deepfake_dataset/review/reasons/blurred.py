"""The crop is much less sharp than the dataset's usual one, for its size in the source."""

import numpy as np

from deepfake_dataset.review.features import UNUSUAL, Evidence, Floats, rise, spread
from deepfake_dataset.review.reasons.base import Reason


def _strengths(evidence: Evidence) -> Floats:
    sharpness = np.log(np.maximum(evidence.face("sharpness"), 1e-3))
    below = np.median(sharpness) - sharpness
    return rise(below, max(UNUSUAL / 2 * spread(sharpness), np.log(2)))


BLURRED = Reason("blurred", "blurred", 0.2, _strengths)
