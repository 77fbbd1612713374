import json
import re
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import cv2
import httpx
import numpy as np
import pytest

from deepfake_dataset.dataset.decisions import State
from deepfake_dataset.review.session import ReviewSession


def send(page: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return page.post(path, json={"request": "", "reviewer": "bea", **body})


def decide(page: httpx.Client, request: str, action: str, *faces: str, **more: Any) -> Any:
    answer = send(page, "/api/decide", request=request, action=action, face_ids=faces, **more)
    return answer.raise_for_status().json()


def ids(session: ReviewSession) -> list[str]:
    return session.faces["face_id"].to_pylist()


def listing(page: httpx.Client) -> tuple[dict[str, Any], bytes]:
    data = page.get("/api/faces").content
    end = data.index(b"\n") + 1
    return json.loads(data[:end]), data[end:]


def column(page: httpx.Client, name: str, kind: str) -> list[int]:
    head, rest = listing(page)
    at, length = head["columns"][name]
    return np.frombuffer(rest, kind, length // np.dtype(kind).itemsize, at).tolist()


def test_the_page_asks_for_every_module_at_once() -> None:
    static = files("deepfake_dataset.review.web") / "static"
    page = (static / "index.html").read_text()
    asked = re.findall(r'(?:modulepreload" href|module" src)="/static/(.*?)"', page)
    assert sorted(asked) == sorted(f.name for f in static.iterdir() if f.name.endswith(".js"))


def test_the_list_has_every_face_worst_first(page: httpx.Client, session: ReviewSession) -> None:
    head, rest = listing(page)
    at, length = head["columns"]["ids"]
    assert rest[at : at + length].decode().split("\n") == ids(session)
    assert column(page, "frame", "<u4") == session.faces["frame"].to_pylist()
    suspicion = column(page, "suspicion", "<f4")
    assert suspicion == sorted(suspicion, reverse=True)
    videos = [head["videos"][code]["video_id"] for code in column(page, "video", "<u4")]
    assert videos == session.faces["video_id"].to_pylist()
    names = [name for name, _ in head["reasonWords"]]
    masks = column(page, "reasons", "<u2")
    told = [[n for bit, n in enumerate(names) if mask & 1 << bit] for mask in masks]
    assert told == session.faces["reasons"].to_pylist()
    assert all(at % 8 == 0 for at, _ in head["columns"].values())


def test_the_list_shows_what_was_decided(page: httpx.Client, session: ReviewSession) -> None:
    first, second, third = ids(session)[:3]
    decide(page, "1", "reject", first, reason="blurred")
    decide(page, "2", "relabel", second, label="unknown")
    marks = {"box": {"left": 7.0, "top": 1.0, "right": 90.0, "bottom": 90.0}, "landmarks": []}
    send(page, "/api/fix", face_id=third, marks=marks).raise_for_status()
    head, _ = listing(page)
    states = [head["states"][code] for code in column(page, "state", "<u1")[:4]]
    assert states == ["rejected", "relabelled", "fixed", "undecided"]
    assert head["labels"][column(page, "label", "<u1")[1]] == "unknown"
    key = bytes(column(page, "key", "<u1")[16:24]).hex()
    assert page.get(f"/crops/{third}/{key}.png").content[:4] == b"\x89PNG"


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
    assert answer.json()["outline"]["landmarks"] == marks["landmarks"]
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


def test_an_account_has_the_original_beside_a_forged_face(
    page: httpx.Client, session: ReviewSession
) -> None:
    table = session.faces.select(["label", "time_s", "video_id"]).to_pylist()
    forged = next(i for i, row in enumerate(table) if row["label"] == "fake")
    account = page.get(f"/api/faces/{ids(session)[forged]}").json()
    beside = table[account["beside"]]
    assert (beside["label"], beside["time_s"]) == ("real", table[forged]["time_s"])
    original = page.get(f"/api/faces/{ids(session)[account['beside']]}").json()
    assert original["beside"] is None


def test_an_account_tells_every_decision(page: httpx.Client, session: ReviewSession) -> None:
    face = ids(session)[0]
    decide(page, "1", "keep", face)
    decide(page, "2", "reject", face, reason="=1+1 <b>")
    history = page.get(f"/api/faces/{face}").json()["history"]
    assert [(h["action"], h["reason"], h["before"]) for h in history] == [
        ("keep", "", "undecided"),
        ("reject", "=1+1 <b>", "kept"),
    ]


def test_thumbnails_are_made_once(
    page: httpx.Client, session: ReviewSession, reviewed: Any
) -> None:
    face = ids(session)[0]
    key = session.faces["sha256"][0].as_py()[:16]
    answer = page.get(f"/thumbs/{face}/{key}.jpg")
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (160, 160, 3)
    assert "immutable" in answer.headers["cache-control"]
    session.crop_path(face).unlink()
    assert page.get(f"/thumbs/{face}/{key}.jpg").content == answer.content
    assert page.get(f"/crops/{face}/{key}.png").status_code == 404


def test_a_damaged_crop_is_explained(page: httpx.Client, session: ReviewSession) -> None:
    face = ids(session)[0]
    key = session.faces["sha256"][0].as_py()[:16]
    session.crop_path(face).write_bytes(b"no picture")
    answer = page.get(f"/thumbs/{face}/{key}.jpg")
    assert (answer.status_code, "no picture" in answer.json()["error"]) == (404, True)


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
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"request": 1}',
        b'{"request": "", "reviewer": "", "action": "burn", "face_ids": []}',
        b'{"request": "", "reviewer": "", "action": "keep", "face_ids": [1]}',
        b'{"request": "", "reviewer": "", "action": "keep", "face_ids": 1}',
        b'{"request": "", "reviewer": "", "action": "keep", "face_ids": [], "path": "/"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_request_of_the_page_changes_nothing(
    page: httpx.Client, session: ReviewSession, body: bytes
) -> None:
    kind = {"content-type": "application/json"}
    assert page.post("/api/decide", content=body, headers=kind).status_code == 400
    assert page.post("/api/decide", content=body).status_code == 415
    assert session.version == 0


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


def test_too_long_a_request_is_refused(page: httpx.Client) -> None:
    body = b" " * (9 << 20)
    kind = {"content-type": "application/json"}
    assert page.post("/api/decide", content=body, headers=kind).status_code == 413


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


def test_the_pages_files_are_asked_for_again_only_when_they_changed(page: httpx.Client) -> None:
    tag = page.get("/static/main.js").headers["etag"]
    assert page.get("/static/main.js", headers={"if-none-match": tag}).status_code == 304
