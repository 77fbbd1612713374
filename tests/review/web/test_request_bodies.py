import httpx
import pytest

from deepfake_dataset.review.session import ReviewSession


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


def test_too_long_a_request_is_refused(page: httpx.Client) -> None:
    body = b" " * (9 << 20)
    kind = {"content-type": "application/json"}
    assert page.post("/api/decide", content=body, headers=kind).status_code == 413
