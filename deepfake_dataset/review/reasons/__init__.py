"""Why a face may be wrong: a reason each file, and those that plug-ins add.

A new one must pass ``tests/review/reasons/test_reasons.py``.
"""

from collections import Counter
from functools import cache

from deepfake_dataset.errors import PluginError
from deepfake_dataset.plugins import REASONS as PLUGIN_GROUP
from deepfake_dataset.plugins import load_plugin, plugin_names
from deepfake_dataset.review.reasons.another_person import ANOTHER_PERSON
from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.blurred import BLURRED
from deepfake_dataset.review.reasons.cut_by_border import CUT_BY_BORDER
from deepfake_dataset.review.reasons.extreme_pose import EXTREME_POSE
from deepfake_dataset.review.reasons.implausible_landmarks import IMPLAUSIBLE_LANDMARKS
from deepfake_dataset.review.reasons.low_detector_score import LOW_DETECTOR_SCORE
from deepfake_dataset.review.reasons.position_jump import POSITION_JUMP
from deepfake_dataset.review.reasons.recheck_failed import RECHECK_FAILED
from deepfake_dataset.review.reasons.unlike_track import UNLIKE_TRACK

__all__ = ["BUILT_IN", "Reason", "all_reasons"]

BUILT_IN: tuple[Reason, ...] = (
    ANOTHER_PERSON,
    UNLIKE_TRACK,
    POSITION_JUMP,
    RECHECK_FAILED,
    IMPLAUSIBLE_LANDMARKS,
    LOW_DETECTOR_SCORE,
    CUT_BY_BORDER,
    EXTREME_POSE,
    BLURRED,
)
"""In the order in which a person reads them."""
_MOST = 32
"""The review page has a bit for each."""


@cache
def all_reasons() -> tuple[Reason, ...]:
    """Those of this package, then those of plug-ins by the names of their entry points.

    Raises :class:`PluginError` for a plug-in that is no reason or has the name of another one.
    """
    added = [_loaded(name) for name in plugin_names(PLUGIN_GROUP)]
    reasons = (*BUILT_IN, *added)
    for name, count in Counter(reason.name for reason in reasons).items():
        if count > 1:
            raise PluginError(
                f"two reasons to look at a face are called {name}", "rename that of the plug-in"
            )
    if len(reasons) > _MOST:
        raise PluginError(
            f"{len(reasons)} reasons to look at a face, but no more than {_MOST} can be shown",
            "uninstall the package of some",
        )
    return reasons


def _loaded(name: str) -> Reason:
    reason = load_plugin(PLUGIN_GROUP, name)
    if not isinstance(reason, Reason):
        raise PluginError(
            f"the plug-in {name} of {PLUGIN_GROUP} is {reason!r}, not a Reason",
            "its entry point should name one: deepfake_dataset.review.reasons.base.Reason",
        )
    return reason
