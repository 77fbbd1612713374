"""The face is not of the person that its track is about, or its forged video."""

from deepfake_dataset.review.features import Evidence, Floats, rise
from deepfake_dataset.review.reasons.base import Reason


def _strengths(evidence: Evidence) -> Floats:
    return rise(evidence.clue("stranger"), 1.0)


STRANGER = Reason("stranger", "another person", 0.9, _strengths)
