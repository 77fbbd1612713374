"""Reason “another person”: not who its track shows, or who a forged video is about."""

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import strength


def _strengths(features: FaceFeatures) -> Floats:
    return strength(features.measured("person_distance"), 1.0)


ANOTHER_PERSON = Reason("stranger", "another person", 0.9, _strengths)
