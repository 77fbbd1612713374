"""Makes and undoes decisions: what a person asks for, checked, becomes a line of the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepfake_dataset.dataset.decision_log import now
from deepfake_dataset.dataset.decisions import STATE_AFTER, Action, Decision, Fix, State
from deepfake_dataset.errors import DecidedSinceError, ReviewError
from deepfake_dataset.records import Box, Label


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What someone wants to be decided on a face."""

    face_id: str
    action: Action
    """Any but fix, which needs marks."""
    reason: str = ""
    label: Label | None = None
    """With relabel, and only then."""

    def __post_init__(self) -> None:
        if (self.action is Action.RELABEL) != (self.label is not None):
            raise ReviewError("a label goes with relabel alone", "see docs/review.md")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Says that decisions are on the disk."""

    rows: tuple[int, ...]
    """Their positions in the log."""
    version: int
    """Of the session, with them and all that others decided before."""


@dataclass(frozen=True, slots=True)
class StandingDecision:
    """The decision that counts for a face now, which undo would take back."""

    row: int
    """Of the log."""
    reviewer: str
    state_before: State
    """To which undo comes back."""


def make_decision(
    request: DecisionRequest,
    face: Mapping[str, Any],
    *,
    state: State,
    label: Label,
    undone: StandingDecision | None,
    reviewer: str,
    seen: int | None = None,
    fix: Fix | None = None,
) -> Decision:
    """The line of the log for a request on a face (a row of ``read_faces``).

    ``state`` and ``label`` are what stands for the face now, ``undone`` is what an undo takes
    back. Of undo, ``seen`` is the number of decisions that the person had seen.

    Raises :class:`DecidedSinceError` where someone else has decided since, and
    :class:`ReviewError` where there is nothing to undo.
    """
    before, after = str(state), str(_state_after(request, undone, seen))
    if request.label is not None:
        before, after = str(label), str(request.label)
    return Decision(
        time=now(),
        reviewer=reviewer,
        action=request.action,
        reason=request.reason,
        video_id=face["video_id"],
        frame=face["frame"],
        face_id=face["face_id"],
        box=Box(face["box_left"], face["box_top"], face["box_right"], face["box_bottom"]),
        before=before,
        after=after,
        fix=fix,
    )


def _state_after(
    request: DecisionRequest, undone: StandingDecision | None, seen: int | None
) -> State:
    if request.action is not Action.UNDO:
        return STATE_AFTER[request.action]
    if undone is None:
        raise ReviewError(f"nothing is decided on {request.face_id}", "there is nothing to undo")
    if seen is not None and undone.row >= seen:
        raise DecidedSinceError(
            f"{undone.reviewer} has decided on {request.face_id} in the meantime",
            "look again, then decide",
        )
    return undone.state_before
