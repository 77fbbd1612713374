import pytest

from deepfake_dataset.dataset.decisions import Action, State
from deepfake_dataset.errors import DecidedSinceError, ReviewError
from deepfake_dataset.records import Box, Label
from deepfake_dataset.review.make_decisions import (
    DecisionRequest,
    StandingDecision,
    make_decision,
)

FACE = {
    "video_id": "v",
    "frame": 7,
    "face_id": "v-7-0",
    **{"box_left": 1.0, "box_top": 2.0, "box_right": 3.0, "box_bottom": 4.0},
}
BOBS = StandingDecision(row=5, reviewer="Bob", state_before=State.KEPT)


def made(request, **more):
    usual = {"state": State.REJECTED, "label": Label.FAKE, "undone": BOBS, "reviewer": "Ann"}
    return make_decision(request, FACE, **usual | more)


def test_a_decision_says_where_the_face_was_and_what_was_before_and_after():
    decision = made(DecisionRequest("v-7-0", Action.KEEP, "a reason"))
    assert (decision.video_id, decision.frame, decision.face_id) == ("v", 7, "v-7-0")
    assert decision.box == Box(1, 2, 3, 4)
    assert (decision.before, decision.after) == ("rejected", "kept")
    assert (decision.reviewer, decision.reason) == ("Ann", "a reason")


def test_relabelling_is_from_label_to_label():
    decision = made(DecisionRequest("v-7-0", Action.RELABEL, label=Label.REAL))
    assert (decision.before, decision.after) == ("fake", "real")


def test_undo_comes_back_to_the_state_before():
    decision = made(DecisionRequest("v-7-0", Action.UNDO), seen=6)
    assert (decision.before, decision.after) == ("rejected", "kept")


def test_undo_is_refused_where_the_person_had_not_seen_the_decision():
    with pytest.raises(DecidedSinceError, match="Bob has decided on v-7-0"):
        made(DecisionRequest("v-7-0", Action.UNDO), seen=5)


def test_undo_is_refused_where_nothing_is_decided():
    with pytest.raises(ReviewError, match="nothing is decided on v-7-0"):
        made(DecisionRequest("v-7-0", Action.UNDO), undone=None)


def test_a_label_goes_with_relabelling_alone():
    for action, label in ((Action.KEEP, Label.REAL), (Action.RELABEL, None)):
        with pytest.raises(ReviewError, match="relabel"):
            DecisionRequest("v-7-0", action, label=label)
