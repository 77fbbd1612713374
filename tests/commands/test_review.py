import csv
import shutil

import pytest

from deepfake_dataset.commands import extract, review
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Action, State, apply_decisions, read_decisions
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.errors import SourceGoneError
from deepfake_dataset.records import Box
from deepfake_dataset.review.fixed_crops import FaceMarks

from ..conftest import run_by


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Do the work of worker processes in this one; gives the ids of videos looked at."""
    done = []

    def run_here(function, items, **_):
        for item in items:
            done.append(getattr(item, "video_id", ""))
            yield Outcome(item, function(item), None)

    run_by(monkeypatch, extract, run_here)
    run_by(monkeypatch, review, run_here)
    return done


@pytest.fixture
def extracted(tmp_path, ds, face_video, here):
    place = tmp_path / "videos"
    place.mkdir()
    (place / "one.mp4").write_bytes(face_video.read_bytes())
    extract.extract_faces([place], ds, faces_per_scene=3)
    here.clear()
    return ds


def _rows(file):
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_queue_has_every_face_and_looks_at_each_video_once(extracted, here, dsbuild):
    told = []
    queue = review.refresh_queue(extracted, on_progress=lambda done, of: told.append((done, of)))
    rows = _rows(extracted / "review" / "queue.csv")
    faces = read_faces(Dataset.open(extracted))
    assert sorted(row["face_id"] for row in rows) == sorted(faces["face_id"].to_pylist())
    assert (queue.summary.faces, len(here), told) == (len(rows), 1, [(1, 1)])
    review.refresh_queue(extracted)
    assert len(here) == 1


def test_a_second_start_ranks_as_the_first_without_judging_again(extracted, monkeypatch):
    first = review.open_review(extracted).faces
    written = (extracted / "review" / "queue.csv").stat()
    monkeypatch.setattr("deepfake_dataset.review.suspicion_score_cache.score_faces", None)
    assert review.open_review(extracted).faces.equals(first)
    assert (extracted / "review" / "queue.csv").stat() == written


def test_what_an_earlier_version_measured_is_moved_once_and_not_measured_again(extracted, here):
    review.refresh_queue(extracted)
    dataset = Dataset.open(extracted)
    old = extracted / ".cache"
    shutil.move(dataset.cache_folder, old)
    here.clear()
    with Dataset.lease(extracted):  # a run is at it: it will move it
        review.refresh_queue(extracted)
    assert old.is_dir()
    shutil.rmtree(dataset.cache_folder)
    here.clear()
    review.refresh_queue(extracted)
    assert here == []
    assert not old.exists()


def test_export_fill_in_apply_and_status(extracted, tmp_path, dsbuild):
    file = tmp_path / "mine.csv"
    ran = dsbuild("review", "-d", extracted, "--export", file, "--json")
    assert (ran.code, ran.json["faces"]) == (0, len(_rows(file)))
    rows = _rows(file)
    rows[0]["new_decision"], rows[1]["new_decision"] = "reject", "keep"
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    ran = dsbuild("review", "-d", extracted, "--apply", file, "--reviewer", "Ann", "--json")
    assert (ran.code, ran.json) == (0, {"made": 2, "known": 0, "overruled": 0})
    status = dsbuild("status", "-d", extracted, "--json")
    (cell,) = status.json["review"]["cells"]
    assert (cell["reviewed"], cell["open"], cell["rejected"]) == (2, len(rows) - 2, 1)
    assert f"review  unknown: 2 reviewed, {len(rows) - 2} open, 1 rejected" in status.err
    assert _rows(extracted / "review" / "queue.csv")[0]["decision"] == "rejected"


def test_a_faulty_table_ends_with_an_error_and_a_hint(extracted, tmp_path, dsbuild):
    file = tmp_path / "mine.csv"
    file.write_text("face_id,new_decision\nnobody,keep\n")
    ran = dsbuild("review", "-d", extracted, "--apply", file)
    assert ran.code == 1
    assert "line 2, column face_id: there is no face 'nobody'" in ran.err
    assert "hint: " in ran.err
    both = dsbuild("review", "-d", extracted, "--apply", file, "--export", file)
    assert (both.code, "at once" in both.err) == (1, True)


def test_a_fix_is_cut_from_the_source_and_reaches_the_manifest(extracted):
    session = review.open_review(extracted)
    face_id = session.faces["face_id"][0].as_py()
    face = next(f for f in Dataset.open(extracted).read(face_id[:16]).faces if f.face_id == face_id)
    box = Box(face.box.left + 3, face.box.top, face.box.right + 3, face.box.bottom)
    preview = session.preview(face_id, FaceMarks(box=box))
    session.fix(face_id, FaceMarks(box=box), reviewer="Ann")
    assert session.read_crop(face_id) == preview.png
    opened = Dataset.open(extracted)
    left = apply_decisions(read_faces(opened), read_decisions(opened)).to_pylist()
    (fixed,) = [row for row in left if row["face_id"] == face_id]
    assert (fixed["sha256"], fixed["reviewed"]) == (preview.sha256, True)
    assert (extracted / fixed["crop"]).read_bytes() == preview.png
    assert session.frame(face_id).startswith(b"\xff\xd8")


def test_decisions_hold_after_faces_are_extracted_anew(extracted, tmp_path):
    session = review.open_review(extracted)
    face_id = session.faces["face_id"][0].as_py()
    session.decide([face_id], Action.REJECT, reviewer="Ann")
    extract.extract_faces([tmp_path / "videos"], extracted, margin=1.5)
    assert review.open_review(extracted).state(face_id) is State.REJECTED


def test_with_the_source_gone_it_is_told_and_faces_can_still_be_rejected(extracted, tmp_path):
    (tmp_path / "videos" / "one.mp4").unlink()
    session = review.open_review(extracted)
    face_id = session.faces["face_id"][0].as_py()
    with pytest.raises(SourceGoneError, match="not where it was found"):
        session.frame(face_id)
    session.decide([face_id], Action.REJECT, reviewer="Ann")
    assert session.state(face_id) is State.REJECTED


def test_a_dataset_without_faces_has_an_empty_queue(dataset):
    assert review.refresh_queue(dataset.root).summary.faces == 0
    assert _rows(dataset.root / "review" / "queue.csv") == []
