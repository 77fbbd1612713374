"""Why a face may be wrong: one reason a file, each a function from evidence to strengths.

A new one must pass ``tests/review/test_reasons.py``.
"""

from deepfake_dataset.review.reasons.another_person import STRANGER
from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.blurred import BLURRED
from deepfake_dataset.review.reasons.cut_by_border import BORDER
from deepfake_dataset.review.reasons.extreme_pose import POSE
from deepfake_dataset.review.reasons.implausible_landmarks import LANDMARKS
from deepfake_dataset.review.reasons.low_detector_score import LOW_SCORE
from deepfake_dataset.review.reasons.position_jump import JUMP
from deepfake_dataset.review.reasons.recheck_failed import RECHECK
from deepfake_dataset.review.reasons.unlike_track import UNLIKE

__all__ = ["REASONS", "Reason"]

REASONS: tuple[Reason, ...] = (
    STRANGER,
    UNLIKE,
    JUMP,
    RECHECK,
    LANDMARKS,
    LOW_SCORE,
    BORDER,
    POSE,
    BLURRED,
)
"""In the order in which a person reads them."""
