"""The face is not of the person that its track is about, or its forged video."""

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats, above_limit


def _strengths(features: FaceFeatures) -> Floats:
    return above_limit(features.measurement("stranger"), 1.0)


STRANGER = Reason("stranger", "another person", 0.9, _strengths)
