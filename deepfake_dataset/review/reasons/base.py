"""What a reason to look at a face is; the reasons lie beside this file, one each."""

from collections.abc import Callable
from dataclasses import dataclass

from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats

NAMED_FROM = 0.5
"""Strength from which a reason is named for a face."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason to look at a face."""

    name: str
    """One word, for filters."""
    text: str
    """What a person reads."""
    weight: float
    """The most that it adds to suspicion, 0 to 1: how often what it finds is a fault."""
    strengths: Callable[[FaceFeatures], Floats]
    """For every face from 0 to 1; named from :data:`NAMED_FROM` on."""
