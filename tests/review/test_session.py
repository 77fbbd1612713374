import pytest

from deepfake_dataset.dataset.decisions import Action, State, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import (
    DecidedSinceError,
    ReviewError,
    SourceGoneError,
    UnknownFaceError,
)
from deepfake_dataset.records import Box, Label
from deepfake_dataset.review.fixed_crops import Marks
from deepfake_dataset.review.session import Choice, Desk

FIRST, SECOND = "0123456789abcdef-000000-0", "0123456789abcdef-000001-0"
FORGED = "fedcba9876543210-000000-0"


def test_what_is_decided_is_on_the_disk_and_says_before_and_after(filled, desk):
    receipt = desk.decide([FIRST, SECOND], Action.REJECT, reviewer="Ann", reason="blurred")
    assert (receipt.rows, receipt.version) == ((0, 1), 2)
    desk.decide([FIRST], Action.KEEP, reviewer="Bob")
    rows = read_decisions(filled).rows.to_pylist()
    assert [(r["before"], r["after"]) for r in rows] == [
        ("undecided", "rejected"),
        ("undecided", "rejected"),
        ("rejected", "kept"),
    ]
    assert [r["reviewer"] for r in rows] == ["Ann", "Ann", "Bob"]
    assert (desk.state(FIRST), desk.state(SECOND)) == (State.KEPT, State.REJECTED)


def test_relabelling_says_from_what_to_what(filled, desk):
    desk.decide([FORGED], Action.RELABEL, reviewer="Ann", label=Label.REAL)
    (row,) = read_decisions(filled).rows.to_pylist()
    assert (row["before"], row["after"]) == ("fake", "real")
    assert desk.label(FORGED) is Label.REAL


def test_undo_comes_back_to_what_stood_before(filled, desk):
    desk.decide([FIRST], Action.KEEP, reviewer="Ann")
    desk.decide([FIRST], Action.REJECT, reviewer="Ann")
    desk.undo([FIRST], reviewer="Ann")
    assert desk.state(FIRST) is State.KEPT
    desk.undo([FIRST], reviewer="Ann")
    assert desk.state(FIRST) is State.UNDECIDED
    afters = read_decisions(filled).rows["after"].to_pylist()
    assert afters == ["kept", "rejected", "kept", "undecided"]


def test_where_nothing_is_decided_nothing_is_undone(filled, desk):
    desk.decide([FIRST], Action.KEEP, reviewer="Ann")
    with pytest.raises(ReviewError, match=f"nothing is decided on {SECOND}"):
        desk.undo([FIRST, SECOND], reviewer="Ann")
    assert desk.state(FIRST) is State.KEPT


def test_undo_does_not_take_back_what_another_decided_since(filled, desk, studio):
    other = Desk(filled, read_faces(filled), studio)
    seen = desk.decide([FIRST], Action.REJECT, reviewer="Ann").version
    other.decide([FIRST], Action.KEEP, reviewer="Bob")
    with pytest.raises(DecidedSinceError, match=f"Bob has decided on {FIRST}"):
        desk.undo([FIRST], reviewer="Ann", seen=seen)
    assert other.state(FIRST) is State.KEPT
    desk.undo([FIRST], reviewer="Ann", seen=desk.version)
    assert desk.state(FIRST) is State.REJECTED


def test_two_desks_do_not_lose_each_others_decisions(filled, desk, studio):
    other = Desk(filled, read_faces(filled), studio)
    desk.decide([FIRST], Action.REJECT, reviewer="Ann")
    other.decide([SECOND], Action.KEEP, reviewer="Bob")
    assert desk.refresh() == [desk.position(SECOND)]
    assert desk.refresh() == []
    for one in (desk, other):
        assert (one.state(FIRST), one.state(SECOND)) == (State.REJECTED, State.KEPT)


def test_many_decisions_are_made_all_or_none(filled, desk):
    choices = [Choice(FIRST, Action.KEEP), Choice("nobody", Action.KEEP)]
    with pytest.raises(UnknownFaceError, match="nobody"):
        desk.choose(choices, reviewer="Ann")
    assert read_decisions(filled).rows.num_rows == 0


def test_a_label_goes_with_relabelling_alone():
    for action, label in ((Action.KEEP, Label.REAL), (Action.RELABEL, None)):
        with pytest.raises(ReviewError, match="relabel"):
            Choice(FIRST, action, label=label)


def test_a_fix_keeps_its_crop_and_the_crop_counts(filled, desk, studio):
    marks = Marks(box=Box(20, 30, 120, 130))
    desk.fix(FIRST, marks, reviewer="Ann")
    assert desk.state(FIRST) is State.FIXED
    assert desk.crop_path(FIRST).read_bytes() == b"png"
    assert desk.crop_path(FIRST).name == f"{FIRST}-cdcdcdcd.png"
    assert desk.fix_of(FIRST) == Marks(marks.box, (1.5, 2.5))
    (asked,) = studio.asked
    assert asked[0].face == filled.read(FIRST[:16]).faces[0]
    desk.undo([FIRST], reviewer="Ann")
    assert desk.crop_path(FIRST) == filled.face_path(FIRST[:16], FIRST)
    assert desk.fix_of(FIRST) is None


def test_a_preview_keeps_nothing(filled, desk):
    assert desk.preview(FIRST, Marks(landmarks=(1, 2))).png == b"png"
    assert desk.frame(FIRST) == b"jpeg"
    assert not (filled.root / "review").exists()


def test_with_the_source_gone_a_face_can_still_be_rejected(desk, studio):
    studio.gone = True
    for ask in (lambda: desk.frame(FIRST), lambda: desk.fix(FIRST, Marks(), reviewer="Ann")):
        with pytest.raises(SourceGoneError):
            ask()
    desk.decide([FIRST], Action.REJECT, reviewer="Ann")
    assert desk.state(FIRST) is State.REJECTED


def test_a_track_is_listed_by_time(desk):
    assert desk.track_of(SECOND) == [f"0123456789abcdef-{n:06d}-0" for n in range(5)]
