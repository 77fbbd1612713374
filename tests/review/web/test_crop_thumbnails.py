from typing import Any

import cv2
import httpx
import numpy as np

from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.crop_thumbnails import CropThumbnails

from .client import face_list, ids


def test_thumbnails_are_made_once(
    page: httpx.Client, session: ReviewSession, reviewed: Any
) -> None:
    face = ids(session)[0]
    crop_hash = session.faces["sha256"][0].as_py()[:16]
    answer = page.get(f"/thumbs/{face}/{crop_hash}.jpg")
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (160, 160, 3)
    assert "immutable" in answer.headers["cache-control"]
    session.dataset.storage.delete(session.crop_key(face))
    assert page.get(f"/thumbs/{face}/{crop_hash}.jpg").content == answer.content
    assert page.get(f"/crops/{face}/{crop_hash}.png").status_code == 404


def test_a_damaged_crop_is_explained(page: httpx.Client, session: ReviewSession) -> None:
    face = ids(session)[0]
    crop_hash = session.faces["sha256"][0].as_py()[:16]
    session.dataset.storage.put(session.crop_key(face), b"no picture")
    answer = page.get(f"/thumbs/{face}/{crop_hash}.jpg")
    assert (answer.status_code, "no picture" in answer.json()["error"]) == (404, True)


def test_the_first_screen_comes_with_the_list_once_it_is_made(
    page: httpx.Client, session: ReviewSession
) -> None:
    assert face_list(page)[0]["thumbs"] == {}
    CropThumbnails(session).make_first()
    thumbs = face_list(page)[0]["thumbs"]
    hashes = [sha256[:16] for sha256 in session.faces["sha256"].to_pylist()[:80]]
    assert set(hashes) == set(thumbs)
    assert all(address.startswith("data:image/jpeg;base64,") for address in thumbs.values())
