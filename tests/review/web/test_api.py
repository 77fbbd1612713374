from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deepfake_dataset.dataset.decisions import State
from deepfake_dataset.review.session import ReviewSession

from .client import decide, ids, send


def test_a_decision_is_acknowledged_when_the_log_has_it(
    page: httpx.Client, session: ReviewSession
) -> None:
    face = ids(session)[5]
    answer = decide(page, "1", "keep", face)
    assert answer["changed"][0]["position"] == 5
    assert session.state(face) is State.KEPT
    assert session.verdicts.log["reviewer"].to_pylist() == ["bea"]


def test_a_request_sent_again_is_done_once(page: httpx.Client, session: ReviewSession) -> None:
    face = ids(session)[0]
    decide(page, "1", "keep", face)
    decide(page, "2", "reject", face)
    first = decide(page, "3", "undo", face)
    assert decide(page, "3", "undo", face) == first
    assert session.state(face) is State.KEPT


def test_undo_is_refused_where_someone_else_has_decided_since(
    page: httpx.Client, session: ReviewSession
) -> None:
    face = ids(session)[0]
    seen = decide(page, "1", "keep", face)["version"]
    session.decide([face], "reject", reviewer="carl")  # type: ignore[arg-type]
    answer = send(page, "/api/decide", request="2", action="undo", face_ids=[face], seen=seen)
    assert answer.status_code == 409
    assert "carl" in answer.json()["error"]
    assert session.state(face) is State.REJECTED


def test_changes_tell_what_others_decided(
    page: httpx.Client, reviewed: Any, session: ReviewSession
) -> None:
    face = ids(session)[3]
    other = ReviewSession(reviewed, session.faces, session._source)
    other.decide([face], "keep", reviewer="carl")  # type: ignore[arg-type]
    answer = page.get("/api/changes", params={"since": 0}).json()
    assert [(c["position"], c["reviewer"]) for c in answer["changed"]] == [(3, "carl")]
    assert page.get("/api/changes", params={"since": answer["version"]}).json()["changed"] == []


def test_a_preview_keeps_nothing(page: httpx.Client, session: ReviewSession, reviewed: Any) -> None:
    face = ids(session)[0]
    marks = {"box": None, "landmarks": [9.0, 9.0] * 68}
    answer = send(page, "/api/preview", face_id=face, marks=marks)
    assert answer.status_code == 400  # a preview has no reviewer
    answer = page.post("/api/preview", json={"face_id": face, "marks": marks})
    assert answer.json()["overlay"]["landmarks"] == marks["landmarks"]
    assert not (reviewed.root / "review" / "crops").exists()
    assert session.version == 0


def test_marks_that_form_no_face_are_explained(page: httpx.Client, session: ReviewSession) -> None:
    marks = {"box": {"left": -7.0, "top": 1.0, "right": 90.0, "bottom": 90.0}, "landmarks": []}
    answer = send(page, "/api/fix", face_id=ids(session)[0], marks=marks)
    assert (answer.status_code, answer.json()["error"]) == (409, "no face there")


def test_where_the_source_is_gone_faces_can_still_be_rejected(
    page: httpx.Client, session: ReviewSession, source: Any
) -> None:
    face = ids(session)[0]
    source.gone.add(session.faces["video_id"][0].as_py())
    answer = page.get(f"/frames/{face}.jpg")
    assert answer.status_code == 404
    assert answer.json()["hint"] == "bring it back"
    decide(page, "1", "reject", face)
    assert session.state(face) is State.REJECTED


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "..", "../app.py", "/etc/passwd", "index.html\x00", "no\nbody", "."],
)
@pytest.mark.parametrize(
    "path",
    ["/static/{}", "/api/faces/{}", "/frames/{}.jpg", "/thumbs/{}/00.jpg", "/crops/{}/00.png"],
)
def test_names_in_requests_never_reach_the_disk(page: httpx.Client, path: str, name: str) -> None:
    escaped = quote(name, safe="").replace(".", "%2e")  # or the client would resolve the dots
    answer = page.get(path.format(escaped))
    assert answer.status_code == 404
    assert b"root:" not in answer.content


@pytest.mark.parametrize(
    "more",
    [
        {"action": "fix"},
        {"action": "relabel"},
        {"action": "keep", "label": "real"},
        {"action": "undo"},
    ],
)
def test_decisions_that_cannot_be_are_refused(
    page: httpx.Client, session: ReviewSession, more: Any
) -> None:
    assert send(page, "/api/decide", face_ids=[ids(session)[0]], **more).status_code == 409
    assert session.version == 0


def test_one_unknown_face_refuses_the_whole_request(
    page: httpx.Client, session: ReviewSession
) -> None:
    faces = [ids(session)[0], "nobody"]
    assert send(page, "/api/decide", action="keep", face_ids=faces).status_code == 404
    assert session.version == 0


@pytest.mark.parametrize("since", ["", "-1", "x", "9" * 30, "1.5"])
def test_a_version_that_is_no_number_is_refused(page: httpx.Client, since: str) -> None:
    assert page.get("/api/changes", params={"since": since}).status_code == 400


def test_a_full_disk_is_told_and_nothing_counts(
    page: httpx.Client, session: ReviewSession, reviewed: Any
) -> None:
    (reviewed.root / "review").rmdir() if (reviewed.root / "review").exists() else None
    (reviewed.root / "review").write_text("in the way")
    answer = send(page, "/api/decide", action="keep", face_ids=[ids(session)[0]])
    assert answer.status_code == 507
    assert answer.json()["hint"]
    assert session.state(ids(session)[0]) is State.UNDECIDED
