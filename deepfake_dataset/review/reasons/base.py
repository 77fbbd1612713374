"""What a reason is: one file each beside this one."""

from collections.abc import Callable
from dataclasses import dataclass

from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to look at a face."""

    name: str
    """One word, for filters."""
    words: str
    """What a person reads."""
    weight: float
    """The most that it adds to suspicion, 0 to 1: how often what it finds is a fault."""
    strengths: Callable[[FaceFeatures], Floats]
    """For every face from 0 to 1; from a half on the reason is given."""
