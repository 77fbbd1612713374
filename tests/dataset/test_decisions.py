from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.decision_log import (
    Action,
    Decision,
    Fix,
    append_decisions,
    read_decisions,
)
from deepfake_dataset.dataset.decisions import DecisionReplay, State, apply_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.records import Box, Label, Provenance
from deepfake_dataset.settings import ExtractSettings

VIDEO = "0123456789abcdef"
BOX = Box(10, 20, 110, 120.5)  # of every face of the fixture's record
FIX = Fix(
    Box(20, 30, 120, 130),
    *((5.0, 6.0, 7.25, 8.0), 70, 80, 140.125, 1, -2, 99, 88, 0.5, 256, 1.3),
    crop=f"review/crops/{VIDEO}/{VIDEO}-000000-0-cdcdcdcd.png",
    sha256="cd" * 32,
)


def _on(action, face=0, box=BOX, **fields):
    made = Decision(
        *("2030-01-02T03:04:05.678+00:00", "Ann", action, "", VIDEO, face),
        f"{VIDEO}-{face:06d}-0",
        box,
        "undecided",
        "",
    )
    return replace(made, **fields)


@pytest.fixture
def faces(dataset, record, commit):
    """Four faces of a real video, two of a forged one."""
    commit(dataset, record(faces=4))
    fake = Provenance(Label.FAKE, "Deepfakes", "Ann", "Bob")
    commit(dataset, record("fedcba9876543210", provenance=fake))
    return read_faces(dataset)


@pytest.fixture
def said(dataset, faces):
    def say(*decisions):
        append_decisions(dataset, decisions)
        return verdicts(faces, read_decisions(dataset))

    return say


def _states(said):
    return [said.state_of(face).value for face in range(len(said.state))]


def test_without_decisions_all_are_undecided(said):
    assert _states(said()) == ["undecided"] * 6


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        (_on(Action.KEEP), "kept"),
        (_on(Action.REJECT), "rejected"),
        (_on(Action.WRONG_PERSON), "wrong-person"),
        (_on(Action.RELABEL, after="fake"), "relabelled"),
        (_on(Action.FIX, fix=FIX), "fixed"),
    ],
)
def test_a_decision_is_on_its_face_alone(said, decision, state):
    assert _states(said(decision)) == [state] + ["undecided"] * 5


def test_the_last_decision_counts(said):
    result = said(_on(Action.REJECT), _on(Action.KEEP), _on(Action.REJECT, 1))
    assert _states(result)[:2] == ["kept", "rejected"]
    assert result.row.tolist()[:3] == [1, 2, -1]


def test_undo_takes_back_one_after_the_other(said):
    keep, reject, undo = _on(Action.KEEP), _on(Action.REJECT), _on(Action.UNDO)
    assert _states(said(keep, reject, undo))[0] == "kept"
    assert _states(said(undo))[0] == "undecided"
    assert _states(said(undo))[0] == "undecided"
    assert _states(said(reject))[0] == "rejected"


@pytest.mark.parametrize(("by", "state"), [(20, "rejected"), (60, "to-confirm")])
def test_a_decision_holds_while_the_box_moves_little(said, by, state):
    moved = Box(BOX.left + by, BOX.top, BOX.right + by, BOX.bottom)
    assert _states(said(_on(Action.REJECT, box=moved)))[0] == state


def test_a_face_to_confirm_knows_what_was_decided_and_is_settled_by_a_decision(said):
    moved = Box(70, 20, 170, 120)
    result = said(_on(Action.REJECT, box=moved))
    assert result.row[0] == 0
    assert _states(said(_on(Action.KEEP)))[0] == "kept"


def test_decisions_on_faces_that_are_gone_are_named_not_lost(said):
    elsewhere = Box(500, 20, 600, 120)
    result = said(_on(Action.REJECT, box=elsewhere), _on(Action.KEEP, 77), _on(Action.KEEP, 78))
    assert _states(result) == ["undecided"] * 6
    assert result.gone.tolist() == [0, 1, 2]
    assert said(_on(Action.UNDO, 77)).gone.tolist() == [0, 2]


def test_a_fixed_crop_of_other_settings_is_to_be_confirmed(said):
    assert _states(said(_on(Action.FIX, fix=replace(FIX, size_px=128))))[0] == "to-confirm"
    assert _states(said(_on(Action.FIX, fix=replace(FIX, margin=2.0))))[0] == "to-confirm"
    assert _states(said(_on(Action.FIX, fix=FIX)))[0] == "fixed"


def test_of_two_faces_in_one_frame_the_nearer_one_is_meant(dataset, record, commit):
    video = record(faces=2)
    second = replace(video.faces[1], frame=0, box=Box(40, 20, 140, 120))
    commit(dataset, replace(video, faces=(video.faces[0], second)))
    faces = read_faces(dataset)
    append_decisions(dataset, [_on(Action.REJECT, box=Box(38, 20, 138, 120))])
    assert _states(verdicts(faces, read_decisions(dataset)))[:2] == ["undecided", "rejected"]


def test_refused_faces_are_gone_and_so_are_those_that_may_be(dataset, faces):
    decisions = [
        _on(Action.REJECT),
        _on(Action.WRONG_PERSON, 1),
        _on(Action.REJECT, 2, box=Box(70, 20, 170, 120)),
        _on(Action.KEEP, 3, box=Box(70, 20, 170, 120)),
    ]
    append_decisions(dataset, decisions)
    left = apply_decisions(faces, read_decisions(dataset))
    assert left["frame"].to_pylist() == [3, 0, 1]
    assert left["reviewed"].to_pylist() == [False] * 3


def test_fixed_faces_have_their_new_crop_and_measures(dataset, faces):
    append_decisions(dataset, [_on(Action.FIX, fix=FIX)])
    first, second, *_ = apply_decisions(faces, read_decisions(dataset)).to_pylist()
    assert first["crop"] == FIX.crop
    assert (first["sha256"], first["native_px"]) == (FIX.sha256, FIX.native_px)
    assert (first["box_left"], first["landmarks"]) == (20, list(FIX.landmarks))
    assert first["reviewed"]
    assert second["crop"] == f"faces/{VIDEO}/{VIDEO}-000001-0.png"
    assert (second["sha256"], second["box_left"]) == ("ab" * 32, 10)


def test_relabelled_faces_have_their_label_and_no_method_unless_fake(dataset, faces):
    forged = {"video_id": "fedcba9876543210", "face_id": "fedcba9876543210-000000-0"}
    append_decisions(
        dataset,
        [
            _on(Action.RELABEL, after="fake"),
            _on(Action.RELABEL, after="real", **forged),
        ],
    )
    rows = apply_decisions(faces, read_decisions(dataset)).to_pylist()
    assert [row["label"] for row in rows] == ["fake", "real", "real", "real", "real", "fake"]
    assert [row["method"] for row in rows][-2:] == ["", "Deepfakes"]
    assert [row["donor"] for row in rows][-2:] == ["Bob", "Bob"]


def test_the_columns_of_faces_keep_their_types(dataset, faces):
    relabel = _on(Action.RELABEL, 1, after="fake")
    append_decisions(dataset, [_on(Action.FIX, fix=FIX), relabel])
    applied = apply_decisions(faces, read_decisions(dataset))
    for field in faces.schema:
        assert applied.schema.field(field.name).equals(field)


ACTIONS = st.sampled_from([Action.KEEP, Action.REJECT, Action.WRONG_PERSON, Action.UNDO])
STEPS = st.lists(st.tuples(ACTIONS, st.integers(0, 4), st.floats(-3, 3)), max_size=12)


@given(steps=STEPS, cut=st.integers(0, 12))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_taking_a_log_bit_by_bit_says_what_taking_it_whole_does(dataset, faces, steps, cut):
    """And both say what a plain stack of decisions for each face does."""
    start = read_decisions(dataset).end
    boxes = [Box(10 + by, 20, 110 + by, 120.5) for _, _, by in steps]
    for (action, face, _), box in zip(steps, boxes, strict=True):
        append_decisions(dataset, [_on(action, face, box)])
    whole = read_decisions(dataset, start)
    bits = DecisionReplay(faces)
    for piece in (whole.rows.slice(0, cut), whole.rows.slice(min(cut, len(steps)))):
        bits.take(replace(whole, rows=piece))
    stacks = {face: [] for face in range(5)}
    for row, (action, face, _) in enumerate(steps):
        if action is not Action.UNDO:
            stacks[face].append(row)
        elif stacks[face]:
            stacks[face].pop()
    expected = [stacks[face][-1] if stacks[face] else -1 for face in range(4)]
    for result in (verdicts(faces, whole), bits.verdicts()):
        assert result.row.tolist()[:4] == expected
        assert result.gone.tolist() == stacks[4][-1:]
    np.testing.assert_array_equal(verdicts(faces, whole).state, bits.verdicts().state)


def test_settings_of_now_judge_fixed_crops(dataset, faces):
    append_decisions(dataset, [_on(Action.FIX, fix=FIX)])
    other = replace(read_decisions(dataset), settings=ExtractSettings(size_px=128))
    assert verdicts(faces, other).state_of(0) is State.TO_CONFIRM
