import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.decisions import Action, read_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.records import Label
from deepfake_dataset.review.queue_csv import (
    COLUMNS,
    describe_reasons,
    encode_queue_csv,
    update_queue_csv,
)
from deepfake_dataset.review.queue_order import order_by_suspicion
from deepfake_dataset.review.reasons import BUILT_IN
from deepfake_dataset.review.suspicion_score import SuspicionScores
from deepfake_dataset.storage.memory import MemoryStorage


def _scores(count):
    given = np.zeros((count, len(BUILT_IN)), np.bool_)
    given[1, [0, 2]] = True
    return SuspicionScores(np.array([0.1, 0.9, 0.1, 0.5] + [0.0] * (count - 4)), given)


@pytest.fixture
def ranked(filled):
    faces = read_faces(filled)
    return order_by_suspicion(faces, _scores(faces.num_rows))


def _rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_table_says_what_a_person_wants_to_know(filled, ranked, session):
    session.decide(["0123456789abcdef-000001-0"], Action.REJECT, reviewer="Ann")
    session.decide(["0123456789abcdef-000003-0"], Action.RELABEL, reviewer="A", label=Label.FAKE)
    data = encode_queue_csv(ranked, verdicts(ranked, read_decisions(filled)))
    first, second, *rest = _rows(data)
    assert tuple(first) == COLUMNS
    assert first["image"] == "faces/0123456789abcdef/0123456789abcdef-000001-0.png"
    assert (filled.root / first["image"]).is_file()
    assert (first["rank"], first["suspicion"]) == ("1", "0.900")
    assert first["reasons"] == describe_reasons([BUILT_IN[0].name, BUILT_IN[2].name])
    assert (first["decision"], first["new_decision"]) == ("rejected", "")
    assert (second["label"], second["decision"], second["time_s"]) == (
        "fake",
        "relabelled",
        "0.120",
    )
    assert len(rest) == 6


def test_a_spreadsheet_reads_it_as_utf_8(filled, ranked):
    data = encode_queue_csv(ranked, verdicts(ranked, read_decisions(filled)))
    assert data.startswith(b"\xef\xbb\xbfrank,")


def test_a_storage_that_refuses_leaves_the_old_table(filled, ranked):
    storage = MemoryStorage()
    dataset = replace(filled, storage=storage)
    storage.put(layout.QUEUE, b"old")
    storage.fail("put", DatasetWriteError("no space left", "free some"))
    with pytest.raises(DatasetWriteError):
        update_queue_csv(dataset, ranked, verdicts(ranked, read_decisions(filled)), "key")
    assert storage.get(layout.QUEUE) == b"old"
    update_queue_csv(dataset, ranked, verdicts(ranked, read_decisions(filled)), "key")
    assert storage.get(layout.QUEUE).startswith(b"\xef\xbb\xbfrank,")


@pytest.fixture
def renew(filled, ranked):
    """Writes the table where it lies, as it has to be; says whether it was written."""

    def run(key="key", faces=ranked):
        path = filled.root / "review" / "queue.csv"
        before = path.stat().st_ino if path.exists() else None
        update_queue_csv(filled, faces, verdicts(faces, read_decisions(filled)), key)
        return path.stat().st_ino != before

    return run


def test_the_table_is_written_anew_only_where_it_would_differ(filled, renew, session):
    assert [renew(), renew(), renew("another"), renew("another")] == [True, False, True, False]
    session.decide(["0123456789abcdef-000003-0"], Action.KEEP, reviewer="A")
    assert [renew("another"), renew("another")] == [True, False]
    for label in (Label.FAKE, Label.UNKNOWN):
        session.decide(["0123456789abcdef-000003-0"], Action.RELABEL, reviewer="A", label=label)
        assert [renew("another"), renew("another")] == [True, False]


@pytest.mark.parametrize("lost", ["edited", "deleted", "note gone", "note damaged"])
def test_a_table_that_someone_changed_is_written_anew(filled, renew, lost):
    renew()
    path, note = filled.root / "review" / "queue.csv", filled.cache_folder / "queue.txt"
    whole = path.read_bytes()
    if lost == "edited":
        path.write_bytes(whole.replace(b"undecided", b"UNDECIDED", 1))
    elif lost == "note damaged":
        note.write_bytes(b"\xff\0")
    else:
        (path if lost == "deleted" else note).unlink()
    assert renew()
    assert path.read_bytes() == whole
    assert not renew()
