import csv

import numpy as np
import pytest

from deepfake_dataset.decisions import Action, read_decisions, verdicts
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.faces import read_faces
from deepfake_dataset.records import Label
from deepfake_dataset.review.queue import COLUMNS, rank, words_of, write_queue
from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.suspicion import Suspicion


def _judged(count):
    strengths = np.zeros((count, len(REASONS)))
    strengths[1, [0, 2]] = 0.9
    return Suspicion(np.array([0.1, 0.9, 0.1, 0.5] + [0.0] * (count - 4)), strengths)


@pytest.fixture
def ranked(filled):
    faces = read_faces(filled)
    return rank(faces, _judged(faces.num_rows))


def _rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_worst_come_first_and_equals_keep_their_order(ranked):
    assert ranked["frame"].to_pylist() == [1, 3, 0, 2, 4, 0, 1, 2]
    assert ranked["reasons"].to_pylist()[:2] == [[REASONS[0].name, REASONS[2].name], []]


def test_the_table_says_what_a_person_wants_to_know(filled, ranked, desk, tmp_path):
    desk.decide(["0123456789abcdef-000001-0"], Action.REJECT, reviewer="Ann")
    desk.decide(["0123456789abcdef-000003-0"], Action.RELABEL, reviewer="A", label=Label.FAKE)
    file = tmp_path / "new" / "queue.csv"
    write_queue(file, ranked, verdicts(ranked, read_decisions(filled)))
    first, second, *rest = _rows(file)
    assert tuple(first) == COLUMNS
    assert first["image"] == "faces/0123456789abcdef/0123456789abcdef-000001-0.png"
    assert (filled.root / first["image"]).is_file()
    assert (first["rank"], first["suspicion"]) == ("1", "0.900")
    assert first["reasons"] == words_of([REASONS[0].name, REASONS[2].name])
    assert (first["decision"], first["new_decision"]) == ("rejected", "")
    assert (second["label"], second["decision"], second["time_s"]) == (
        "fake",
        "relabelled",
        "0.120",
    )
    assert len(rest) == 6


def test_a_spreadsheet_reads_it_as_utf_8(filled, ranked, tmp_path):
    file = tmp_path / "queue.csv"
    write_queue(file, ranked, verdicts(ranked, read_decisions(filled)))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfrank,")


def test_a_disk_that_refuses_leaves_the_old_table(filled, ranked, tmp_path, monkeypatch):
    file = tmp_path / "queue.csv"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetWriteError):
        write_queue(file, ranked, verdicts(ranked, read_decisions(filled)))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["queue.csv"]
    assert file.read_text() == "old"
