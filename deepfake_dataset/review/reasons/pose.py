"""The face looks far to the side."""

import numpy as np

from deepfake_dataset.review.features import Evidence, Floats, rise
from deepfake_dataset.review.reasons.base import Reason

_FAR_DEG = 40.0
"""Of the estimate in ``Face.yaw_deg``: from about there the far eye begins to be hidden."""


def _strengths(evidence: Evidence) -> Floats:
    return rise(np.abs(evidence.face("yaw_deg")), _FAR_DEG)


POSE = Reason("pose", "extreme pose", 0.2, _strengths)
