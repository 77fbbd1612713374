"""Reason “cut by the border”: the frame ends within the crop."""

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import strength

_FILLED_SHARE = 0.12
"""Of the crop's area that is filled by reflection. At the usual margin the face itself ends
about an eighth of the crop's side from its edge."""


def _strengths(features: FaceFeatures) -> Floats:
    return strength(features.recorded("outside"), _FILLED_SHARE)


CUT_BY_BORDER = Reason("border", "cut by the border", 0.3, _strengths)
