import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decision_log import (
    Action,
    Decision,
    Fix,
    append_decisions,
    holding_log,
    read_decisions,
)
from deepfake_dataset.dataset.layout import DECISIONS
from deepfake_dataset.errors import DatasetWriteError, DecisionsError
from deepfake_dataset.records import Box

FACE = "0123456789abcdef-000007-0"
FIX = Fix(Box(1, 2, 3, 4.5), (0.125, 2.0), 1, 2, 3, 4, 5, 6, 7, 0.5, 256, 1.3, "c.png", "ab")


def _decision(reason="", reviewer="Ann", fix=None, action=Action.REJECT, after="rejected"):
    box = Box(10, 20.1, 110, 120.5)
    time = "2030-01-02T03:04:05.678+00:00"
    return Decision(
        time, reviewer, action, reason, FACE[:16], 7, FACE, box, "undecided", after, fix
    )


def test_a_dataset_without_a_log_has_no_decisions(dataset):
    assert read_decisions(dataset).rows.num_rows == 0
    assert not (dataset.root / DECISIONS).exists()


def test_every_field_comes_back(dataset):
    append_decisions(dataset, [_decision("blurred", fix=FIX, action=Action.FIX)])
    (row,) = read_decisions(dataset).rows.to_pylist()
    assert (row["action"], row["reason"], row["frame"]) == ("fix", "blurred", 7)
    assert (row["box_top"], row["box_bottom"]) == (20.1, 120.5)
    assert (row["fix_box_bottom"], row["fix_landmarks"]) == (4.5, "0.125 2.0")
    assert (row["fix_size_px"], row["fix_margin"], row["fix_crop"]) == (256, 1.3, "c.png")


def test_decisions_without_a_fix_have_nulls_there(dataset):
    append_decisions(dataset, [_decision()])
    (row,) = read_decisions(dataset).rows.to_pylist()
    assert (row["fix_size_px"], row["fix_crop"]) == (None, "")


@given(texts=st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reason_and_any_reviewer_come_back_on_one_line(dataset, texts):
    before = read_decisions(dataset).end
    append_decisions(dataset, [_decision(reason, reviewer) for reason, reviewer in texts])
    rows = read_decisions(dataset, before).rows
    read = list(zip(rows["reason"].to_pylist(), rows["reviewer"].to_pylist(), strict=True))
    again = [tuple(" ".join(word.split()) for word in pair) for pair in read]
    assert len(read) == len(texts)
    assert again == read
    for (got, _), (reason, _) in zip(read, texts, strict=True):
        if reason.isprintable():
            assert got == " ".join(reason.split())


def test_a_formula_is_neutralised_in_the_file_and_read_back(dataset):
    append_decisions(dataset, [_decision("=HYPERLINK(1)")])
    assert "'=HYPERLINK(1)" in (dataset.root / DECISIONS).read_text()
    assert read_decisions(dataset).rows["reason"].to_pylist() == ["=HYPERLINK(1)"]


def test_what_was_read_is_not_read_again(dataset):
    append_decisions(dataset, [_decision("one")])
    first = read_decisions(dataset)
    append_decisions(dataset, [_decision("two")])
    append_decisions(dataset, [_decision("three"), _decision("four")])
    later = read_decisions(dataset, first.end)
    assert later.rows["reason"].to_pylist() == ["two", "three", "four"]
    assert read_decisions(dataset, later.end).rows.num_rows == 0


def test_a_torn_last_line_is_passed_over_and_cut_off_wherever_it_was_torn(dataset):
    append_decisions(dataset, [_decision("one")])
    whole = (dataset.root / DECISIONS).read_bytes()
    append_decisions(dataset, [_decision("two, “quoted”")])
    longer = (dataset.root / DECISIONS).read_bytes()
    for end in range(len(whole), len(longer)):
        (dataset.root / DECISIONS).write_bytes(longer[:end])
        assert read_decisions(dataset).rows["reason"].to_pylist() == ["one"]
        append_decisions(dataset, [_decision("three")])
        assert read_decisions(dataset).rows["reason"].to_pylist() == ["one", "three"]


def test_a_torn_header_is_made_anew(dataset):
    (dataset.root / DECISIONS).parent.mkdir()
    (dataset.root / DECISIONS).write_bytes(b"time,revi")
    append_decisions(dataset, [_decision("one")])
    assert read_decisions(dataset).rows["reason"].to_pylist() == ["one"]


@pytest.mark.parametrize("number", [1, 3])
def test_a_full_disk_adds_none(dataset, monkeypatch, number):
    append_decisions(dataset, [_decision("one")])
    before = (dataset.root / DECISIONS).read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetWriteError, match=r"decisions\.csv: No space"):
        append_decisions(dataset, [_decision("two")] * number)
    assert (dataset.root / DECISIONS).read_bytes() == before
    assert [p.name for p in (dataset.root / DECISIONS).parent.glob(".partial*")] == []


def test_decisions_are_on_the_disk_before_they_are_acknowledged(dataset, monkeypatch):
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_size))
    append_decisions(dataset, [_decision("one")])
    append_decisions(dataset, [_decision("two")])
    assert (dataset.root / DECISIONS).stat().st_size in flushed


@pytest.mark.parametrize(
    ("old", "new"),
    [("reject", "behead"), ("reject,", ""), (",7,", ",seven,"), ("time,", "when,")],
)
def test_a_log_that_was_damaged_is_refused_with_its_place(dataset, old, new):
    append_decisions(dataset, [_decision("one"), _decision("two")])
    text = (dataset.root / DECISIONS).read_text()
    (dataset.root / DECISIONS).write_text(text.replace(old, new, 1))
    with pytest.raises(DecisionsError, match=r"review/decisions\.csv is damaged: ") as caught:
        read_decisions(dataset)
    assert caught.value.hint


def test_a_label_that_is_none_does_not_get_into_a_manifest(dataset):
    append_decisions(dataset, [_decision(action=Action.RELABEL, after="reel")])
    with pytest.raises(DecisionsError, match="row 2 is no decision"):
        read_decisions(dataset)


ADD = """
import sys
from pathlib import Path
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decision_log import append_decisions
sys.path.insert(0, sys.argv[2])
from test_decision_log import _decision
dataset = Dataset.open(Path(sys.argv[1]))
for number in range(int(sys.argv[4])):
    append_decisions(dataset, [_decision(f"{sys.argv[3]} {number}")])
    print(number, flush=True)
"""


def _adding(dataset: Dataset, name: str, count: int) -> "subprocess.Popen[bytes]":
    here = Path(__file__).resolve()
    command = [sys.executable, "-c", ADD, dataset.root, here.parent, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=here.parents[2])


def test_every_acknowledged_decision_outlasts_a_kill(dataset):
    acknowledged = []
    for run in range(4):
        process = _adding(dataset, f"run {run}", 10_000)
        for _ in range(5 + 10 * run):
            number = int(process.stdout.readline())
            acknowledged.append(f"run {run} {number}")
        process.kill()
        process.communicate()
    reasons = read_decisions(dataset).rows["reason"].to_pylist()
    assert [r for r in acknowledged if r not in reasons] == []


def test_two_processes_do_not_tear_each_others_lines(dataset):
    adding = [_adding(dataset, name, 60) for name in ("a", "b")]
    assert [process.communicate() and process.returncode for process in adding] == [0, 0]
    reasons = read_decisions(dataset).rows["reason"].to_pylist()
    for name in ("a", "b"):
        own = [reason for reason in reasons if reason.startswith(name)]
        assert own == [f"{name} {number}" for number in range(60)]


def test_who_holds_the_log_looks_and_adds_without_another_in_between(dataset):
    with holding_log(dataset) as log:
        other = _adding(dataset, "other", 1)
        log.append([_decision("mine")])
        log.append([])
    other.communicate()
    assert read_decisions(dataset).rows["reason"].to_pylist() == ["mine", "other 0"]
