"""What tests ask the page's API, as the page does."""

import json
from typing import Any

import httpx
import numpy as np

from deepfake_dataset.review.session import ReviewSession


def send(page: httpx.Client, path: str, **body: Any) -> httpx.Response:
    return page.post(path, json={"request": "", "reviewer": "bea", **body})


def decide(page: httpx.Client, request: str, action: str, *faces: str, **more: Any) -> Any:
    answer = send(page, "/api/decide", request=request, action=action, face_ids=faces, **more)
    return answer.raise_for_status().json()


def ids(session: ReviewSession) -> list[str]:
    return session.faces["face_id"].to_pylist()


def face_list(page: httpx.Client) -> tuple[dict[str, Any], bytes]:
    data = page.get("/api/faces").content
    end = data.index(b"\n") + 1
    return json.loads(data[:end]), data[end:]


def column(page: httpx.Client, name: str, kind: str) -> list[int]:
    head, rest = face_list(page)
    at, length = head["columns"][name]
    return np.frombuffer(rest, kind, length // np.dtype(kind).itemsize, at).tolist()
