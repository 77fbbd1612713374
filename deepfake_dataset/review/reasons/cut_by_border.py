"""The frame's border cuts the face."""

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats, above_limit

_SHARE = 0.12
"""Of the crop's area that is filled by reflection. At the usual margin the face itself ends
about an eighth of the crop's side from its edge."""


def _strengths(features: FaceFeatures) -> Floats:
    return above_limit(features.face("outside"), _SHARE)


BORDER = Reason("border", "cut by the border", 0.3, _strengths)
