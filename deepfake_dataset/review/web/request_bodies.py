"""The JSON bodies that the page sends: their fields, their size, and how they are read."""

import json
from dataclasses import dataclass
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

from deepfake_dataset.dataset.decisions import Action
from deepfake_dataset.dataset.schema import from_row
from deepfake_dataset.errors import DsbuildError
from deepfake_dataset.records import Label
from deepfake_dataset.review.fixed_crops import FaceMarks

Body = TypeVar("Body")

_MOST_BYTES = 8 << 20
"""Of a request: the ids of 250,000 faces at once."""


@dataclass(frozen=True, slots=True)
class DecideBody:
    """A decision on some faces."""

    request: str
    """Made up by the page: the same again is answered again, and not done again."""
    reviewer: str
    action: Action
    face_ids: tuple[str, ...]
    reason: str = ""
    label: Label | None = None
    seen: int | None = None
    """With undo: the version that the page had seen."""


@dataclass(frozen=True, slots=True)
class FixBody:
    """A face to be cut out anew."""

    request: str
    reviewer: str
    face_id: str
    marks: FaceMarks
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PreviewBody:
    """A face to be cut out anew, to look at only."""

    face_id: str
    marks: FaceMarks


async def read_body(request: Request, kind: type[Body]) -> Body:
    """The record that a request's body holds as JSON.

    Raises :class:`HTTPException`: 415 where it is not said to be JSON, 413 where it is too
    long, 400 where it is not such a record.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415)
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > _MOST_BYTES:
            raise HTTPException(413)
    try:
        return from_row(kind, json.loads(data, parse_constant=_no_number))
    except (TypeError, ValueError, RecursionError, DsbuildError) as error:
        raise HTTPException(400, f"not a request of this page: {error}") from error


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")
