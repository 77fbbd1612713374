from dataclasses import replace

import pytest

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.decisions import Action, State, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import (
    DecidedSinceError,
    ReviewError,
    SourceGoneError,
    UnavailableError,
    UnknownFaceError,
)
from deepfake_dataset.records import Box, Label
from deepfake_dataset.review.fixed_crops import FaceMarks
from deepfake_dataset.review.make_decisions import DecisionRequest
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.storage.memory import MemoryStorage

FIRST, SECOND = "0123456789abcdef-000000-0", "0123456789abcdef-000001-0"
FORGED = "fedcba9876543210-000000-0"


def test_what_is_decided_is_on_the_disk_and_says_before_and_after(filled, session):
    receipt = session.decide([FIRST, SECOND], Action.REJECT, reviewer="Ann", reason="blurred")
    assert (receipt.rows, receipt.version) == ((0, 1), 2)
    session.decide([FIRST], Action.KEEP, reviewer="Bob")
    rows = read_decisions(filled).rows.to_pylist()
    assert [(r["before"], r["after"]) for r in rows] == [
        ("undecided", "rejected"),
        ("undecided", "rejected"),
        ("rejected", "kept"),
    ]
    assert [r["reviewer"] for r in rows] == ["Ann", "Ann", "Bob"]
    assert (session.state(FIRST), session.state(SECOND)) == (State.KEPT, State.REJECTED)


def test_relabelling_says_from_what_to_what(filled, session):
    session.decide([FORGED], Action.RELABEL, reviewer="Ann", label=Label.REAL)
    (row,) = read_decisions(filled).rows.to_pylist()
    assert (row["before"], row["after"]) == ("fake", "real")
    assert session.label(FORGED) is Label.REAL


def test_undo_comes_back_to_what_stood_before(filled, session):
    session.decide([FIRST], Action.KEEP, reviewer="Ann")
    session.decide([FIRST], Action.REJECT, reviewer="Ann")
    session.undo([FIRST], reviewer="Ann")
    assert session.state(FIRST) is State.KEPT
    session.undo([FIRST], reviewer="Ann")
    assert session.state(FIRST) is State.UNDECIDED
    afters = read_decisions(filled).rows["after"].to_pylist()
    assert afters == ["kept", "rejected", "kept", "undecided"]


def test_where_nothing_is_decided_nothing_is_undone(filled, session):
    session.decide([FIRST], Action.KEEP, reviewer="Ann")
    with pytest.raises(ReviewError, match=f"nothing is decided on {SECOND}"):
        session.undo([FIRST, SECOND], reviewer="Ann")
    assert session.state(FIRST) is State.KEPT


def test_undo_does_not_take_back_what_another_decided_since(filled, session, source):
    other = ReviewSession(filled, read_faces(filled), source)
    seen = session.decide([FIRST], Action.REJECT, reviewer="Ann").version
    other.decide([FIRST], Action.KEEP, reviewer="Bob")
    with pytest.raises(DecidedSinceError, match=f"Bob has decided on {FIRST}"):
        session.undo([FIRST], reviewer="Ann", seen=seen)
    assert other.state(FIRST) is State.KEPT
    session.undo([FIRST], reviewer="Ann", seen=session.version)
    assert session.state(FIRST) is State.REJECTED


def test_two_desks_do_not_lose_each_others_decisions(filled, session, source):
    other = ReviewSession(filled, read_faces(filled), source)
    session.decide([FIRST], Action.REJECT, reviewer="Ann")
    other.decide([SECOND], Action.KEEP, reviewer="Bob")
    assert session.refresh() == [session.position(SECOND)]
    assert session.refresh() == []
    for one in (session, other):
        assert (one.state(FIRST), one.state(SECOND)) == (State.REJECTED, State.KEPT)


def test_many_decisions_are_made_all_or_none(filled, session):
    requests = [DecisionRequest(FIRST, Action.KEEP), DecisionRequest("nobody", Action.KEEP)]
    with pytest.raises(UnknownFaceError, match="nobody"):
        session.decide_all(requests, reviewer="Ann")
    assert read_decisions(filled).rows.num_rows == 0


def test_a_fix_keeps_its_crop_and_the_crop_counts(filled, session, source):
    marks = FaceMarks(box=Box(20, 30, 120, 130))
    session.fix(FIRST, marks, reviewer="Ann")
    assert session.state(FIRST) is State.FIXED
    assert session.read_crop(FIRST) == b"png"
    assert session.crop_key(FIRST) == f"review/crops/{FIRST[:16]}/{FIRST}-cdcdcdcd.png"
    assert session.fix_of(FIRST) == FaceMarks(marks.box, (1.5, 2.5))
    (asked,) = source.asked
    assert asked[0].face == filled.read(FIRST[:16]).faces[0]
    session.undo([FIRST], reviewer="Ann")
    assert session.crop_key(FIRST) == f"faces/{FIRST[:16]}/{FIRST}.png"
    assert session.fix_of(FIRST) is None


def test_a_preview_keeps_nothing(filled, session):
    assert session.preview(FIRST, FaceMarks(landmarks=(1, 2))).png == b"png"
    assert session.frame(FIRST) == b"jpeg"
    assert not (filled.root / "review").exists()


def test_with_the_source_gone_a_face_can_still_be_rejected(session, source):
    source.gone = True
    for ask in (
        lambda: session.frame(FIRST),
        lambda: session.fix(FIRST, FaceMarks(), reviewer="Ann"),
    ):
        with pytest.raises(SourceGoneError):
            ask()
    session.decide([FIRST], Action.REJECT, reviewer="Ann")
    assert session.state(FIRST) is State.REJECTED


def test_a_track_is_listed_by_time(session):
    assert session.track_of(SECOND) == [f"0123456789abcdef-{n:06d}-0" for n in range(5)]


@pytest.fixture
def remote(filled, source):
    """The same dataset in a storage that can be told to fail, and a session on it."""
    storage = MemoryStorage()
    for entry in filled.storage.entries():
        storage.put(entry.key, filled.storage.get(entry.key))
    dataset = replace(filled, storage=storage)
    return storage, ReviewSession(dataset, read_faces(dataset), source)


def test_a_dataset_elsewhere_than_on_a_disk_is_reviewed_the_same(remote):
    storage, session = remote
    session.decide([FIRST], Action.REJECT, reviewer="Ann")
    session.fix(SECOND, FaceMarks(), reviewer="Ann")
    assert storage.get(layout.DECISIONS).count(b"\n") == 3
    assert session.read_crop(SECOND) == storage.get(session.crop_key(SECOND)) == b"png"
    again = ReviewSession(session.dataset, session.faces, session._source)
    assert (again.state(FIRST), again.state(SECOND)) == (State.REJECTED, State.FIXED)


@pytest.mark.parametrize("method", ["append", "lease", "read_log"])
def test_what_a_storage_does_not_take_is_not_decided(remote, method):
    storage, session = remote
    storage.fail(method, UnavailableError("time-out", "try again"))
    with pytest.raises(UnavailableError):
        session.decide([FIRST, SECOND], Action.KEEP, reviewer="Ann")
    session.refresh()
    assert session.version == 0
    assert session.state(FIRST) is State.UNDECIDED
    session.decide([FIRST], Action.KEEP, reviewer="Ann")
    assert session.state(FIRST) is State.KEPT


def test_a_fix_whose_crop_cannot_be_stored_is_not_decided(remote):
    storage, session = remote
    storage.fail("put", UnavailableError("too many requests", "try again"))
    with pytest.raises(UnavailableError):
        session.fix(FIRST, FaceMarks(), reviewer="Ann")
    assert (session.version, session.state(FIRST)) == (0, State.UNDECIDED)
