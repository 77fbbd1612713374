import httpx

from deepfake_dataset.review.session import ReviewSession

from .client import column, decide, face_list, ids, send


def test_the_list_has_every_face_worst_first(page: httpx.Client, session: ReviewSession) -> None:
    head, rest = face_list(page)
    at, length = head["columns"]["ids"]
    assert rest[at : at + length].decode().split("\n") == ids(session)
    assert column(page, "frame", "<u4") == session.faces["frame"].to_pylist()
    suspicion = column(page, "suspicion", "<f4")
    assert suspicion == sorted(suspicion, reverse=True)
    videos = [head["videos"][code]["video_id"] for code in column(page, "video", "<u4")]
    assert videos == session.faces["video_id"].to_pylist()
    names = [name for name, _ in head["reasonTexts"]]
    masks = column(page, "reasons", "<u4")
    told = [[n for bit, n in enumerate(names) if mask & 1 << bit] for mask in masks]
    assert told == session.faces["reasons"].to_pylist()
    assert all(at % 8 == 0 for at, _ in head["columns"].values())


def test_the_list_shows_what_was_decided(page: httpx.Client, session: ReviewSession) -> None:
    first, second, third = ids(session)[:3]
    decide(page, "1", "reject", first, reason="blurred")
    decide(page, "2", "relabel", second, label="unknown")
    marks = {"box": {"left": 7.0, "top": 1.0, "right": 90.0, "bottom": 90.0}, "landmarks": []}
    send(page, "/api/fix", face_id=third, marks=marks).raise_for_status()
    head, _ = face_list(page)
    states = [head["states"][code] for code in column(page, "state", "<u1")[:4]]
    assert states == ["rejected", "relabelled", "fixed", "undecided"]
    assert head["labels"][column(page, "label", "<u1")[1]] == "unknown"
    crop_hash = bytes(column(page, "hash", "<u1")[16:24]).hex()
    assert page.get(f"/crops/{third}/{crop_hash}.png").content[:4] == b"\x89PNG"
