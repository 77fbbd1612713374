"""The page's HTTP API: what it asks for, and what it is answered.

Nothing in a request names a file: faces are looked up by their id in the queue's table, the
page's own files in a table made at start.
"""

import base64
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from threading import Lock
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deepfake_dataset.dataset.decisions import STATES, Action
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.dataset.spreadsheet_safety import one_line
from deepfake_dataset.errors import (
    DatasetWriteError,
    DsbuildError,
    MissingCropError,
    ReviewError,
    SourceGoneError,
    UnknownFaceError,
    VideoError,
)
from deepfake_dataset.records import Label
from deepfake_dataset.review.fixed_crops import FaceMarks
from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.session import Receipt, ReviewSession
from deepfake_dataset.review.web.crop_thumbnails import Thumbnails, read_crop
from deepfake_dataset.review.web.face_details import face_details, fixed_crop_outline
from deepfake_dataset.review.web.face_list import (
    LABELS,
    crop_key,
    crop_sha256,
    label_code,
    make_face_list,
    pack,
)
from deepfake_dataset.review.web.original_pairs import OriginalPairs
from deepfake_dataset.review.web.security import Guard

T = TypeVar("T")

_MOST_BYTES = 8 << 20
"""Of a request: the ids of 250,000 faces at once."""
_REMEMBERED = 10_000
"""Answers kept for requests that are sent again because the answer did not arrive."""
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_STATUS = {UnknownFaceError: 404, MissingCropError: 404, SourceGoneError: 404, ReviewError: 409}


@dataclass(frozen=True, slots=True)
class Order:
    """A decision on some faces, as the page sends it."""

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
class FixOrder:
    """A face to be cut out anew, as the page sends it."""

    request: str
    reviewer: str
    face_id: str
    marks: FaceMarks
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PreviewOrder:
    """A face to be cut out anew, to look at only."""

    face_id: str
    marks: FaceMarks


def make_app(
    session: ReviewSession, *, token: str, reviewer: str, host: str = "127.0.0.1"
) -> Starlette:
    """The page and what it asks for, for a server that listens on ``host``."""
    answers = _Answers(session, reviewer)
    routes = [
        Route("/", answers.page),
        Route("/static/{name}", answers.static),
        Route("/api/faces", answers.faces),
        Route("/api/faces/{face_id}", answers.face),
        Route("/api/changes", answers.changes),
        Route("/api/decide", answers.decide, methods=["POST"]),
        Route("/api/fix", answers.fix, methods=["POST"]),
        Route("/api/preview", answers.preview, methods=["POST"]),
        Route("/thumbs/{face_id}/{key}.jpg", answers.thumbnail),
        Route("/crops/{face_id}/{key}.png", answers.crop),
        Route("/frames/{face_id}.jpg", answers.frame),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token, host=host)],
        exception_handlers={DsbuildError: _explain, VideoError: _explain, Exception: _own_fault},
    )


class _Answers:
    """To each request."""

    def __init__(self, session: ReviewSession, reviewer: str) -> None:
        self._session = session
        self._reviewer = reviewer
        self._listing = make_face_list(session.faces)
        self._pairs = OriginalPairs(session.faces)
        self._thumbnails = Thumbnails.of_session(session)
        self._static = _read_static()
        self._done: OrderedDict[str, Receipt] = OrderedDict()
        self._deciding = Lock()

    def page(self, request: Request) -> Response:
        """The page itself."""
        return self._file(request, "index.html")

    def static(self, request: Request) -> Response:
        """One of its files."""
        return self._file(request, request.path_params["name"])

    def faces(self, _: Request) -> Response:
        """Every face, worst first, and what the page needs to know once."""
        self._session.refresh()
        head = {
            "dataset": self._session.dataset.root.resolve().name,
            "reviewer": self._reviewer,
            "version": self._session.version,
            "count": self._session.faces.num_rows,
            "states": [str(state) for state in STATES],
            "labels": [str(label) for label in LABELS],
            "reasonWords": [[reason.name, reason.words] for reason in REASONS],
            "thumbs": self._first_thumbnails(),
        }
        data = pack(self._listing, self._session, head)
        return Response(data, media_type="application/octet-stream")

    def face(self, request: Request) -> Response:
        """One face."""
        position = self._session.position(request.path_params["face_id"])
        beside = self._pairs.beside(position)
        return JSONResponse(to_row(face_details(self._session, position, beside)))

    def changes(self, request: Request) -> Response:
        """What was decided since a version, by whomever."""
        since = request.query_params.get("since", "")
        if not since.isdecimal() or len(since) > 15:
            raise HTTPException(400)
        self._session.refresh()
        return self._changes(int(since))

    async def decide(self, request: Request) -> Response:
        """Write decisions to the log, then say so."""
        order = await _read(request, Order)
        return await run_in_threadpool(self._decide, order)

    async def fix(self, request: Request) -> Response:
        """Cut a face out anew, and write that to the log."""
        order = await _read(request, FixOrder)
        return await run_in_threadpool(self._fix, order)

    async def preview(self, request: Request) -> Response:
        """Cut a face out anew, to look at."""
        order = await _read(request, PreviewOrder)
        made = await run_in_threadpool(self._session.preview, order.face_id, order.marks)
        picture = base64.b64encode(made.png).decode()
        return JSONResponse({"outline": to_row(fixed_crop_outline(made)), "png": picture})

    def thumbnail(self, request: Request) -> Response:
        """A crop in small."""
        face_id, key = request.path_params["face_id"], request.path_params["key"]
        crop = self._session.crop_path(self._has(face_id, key))
        return Response(self._thumbnails.of(crop, key), headers=_FOREVER, media_type="image/jpeg")

    def crop(self, request: Request) -> Response:
        """A crop as it is on the disk."""
        face_id, key = request.path_params["face_id"], request.path_params["key"]
        crop = self._session.crop_path(self._has(face_id, key))
        return Response(read_crop(crop), headers=_FOREVER, media_type="image/png")

    def frame(self, request: Request) -> Response:
        """The frame of a face. Its id names the video's bytes and the frame: it never changes."""
        data = self._session.frame(request.path_params["face_id"])
        return Response(data, headers=_FOREVER, media_type="image/jpeg")

    def _first_thumbnails(self) -> dict[str, str]:
        """By key, as addresses that hold the picture: one answer less for each to wait for."""
        made = self._thumbnails.made_first(self._session)
        head = "data:image/jpeg;base64,"
        return {key: head + base64.b64encode(data).decode() for key, data in made.items()}

    def _has(self, face_id: str, key: str) -> str:
        """The face, if its crop is now the one that the key stands for."""
        if crop_key(crop_sha256(self._session, self._session.position(face_id))) != key:
            raise HTTPException(404)
        return face_id

    def _file(self, request: Request, name: str) -> Response:
        if name not in self._static:
            raise HTTPException(404)
        kind, tag, data = self._static[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(data, headers=headers, media_type=kind)

    def _decide(self, order: Order) -> Response:
        reviewer, reason = self._name(order.reviewer), one_line(order.reason)
        if order.action is Action.FIX:
            raise ReviewError("a fix needs marks", "send it to /api/fix")

        def make() -> Receipt:
            if order.action is Action.UNDO:
                return self._session.undo(
                    order.face_ids, reviewer=reviewer, reason=reason, seen=order.seen
                )
            return self._session.decide(
                order.face_ids, order.action, reviewer=reviewer, reason=reason, label=order.label
            )

        return self._once(order.request, make)

    def _fix(self, order: FixOrder) -> Response:
        reviewer, reason = self._name(order.reviewer), one_line(order.reason)
        return self._once(
            order.request,
            lambda: self._session.fix(order.face_id, order.marks, reviewer=reviewer, reason=reason),
        )

    def _once(self, request: str, make: Callable[[], Receipt]) -> Response:
        """Do what was ordered unless it is done already; say what came of it either way."""
        with self._deciding:
            receipt = self._done.get(request) or make()
            self._done[request] = receipt
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)
        first = receipt.rows[0] if receipt.rows else receipt.version
        return self._changes(first, rows=len(receipt.rows))

    def _name(self, given: str) -> str:
        return one_line(given)[:100] or self._reviewer

    def _changes(self, since: int, rows: int | None = None) -> Response:
        session = self._session
        log = session.verdicts.log.slice(since, rows)
        said = zip(log["face_id"].to_pylist(), log["reviewer"].to_pylist(), strict=True)
        latest = {face_id: who for face_id, who in said if session.has(face_id)}
        changed = [
            _change(session, session.position(face_id), who) for face_id, who in latest.items()
        ]
        version = since + log.num_rows
        return JSONResponse({"since": since, "version": version, "changed": changed})


def _change(session: ReviewSession, position: int, reviewer: str) -> dict[str, Any]:
    return {
        "position": position,
        "state": int(session.verdicts.state[position]),
        "label": label_code(session, position),
        "key": crop_key(crop_sha256(session, position)),
        "reviewer": reviewer,
    }


def _read_static() -> dict[str, tuple[str, str, bytes]]:
    """Type, ETag and bytes of the page's files by name."""
    table = {}
    for file in files("deepfake_dataset.review.web").joinpath("static").iterdir():
        kind = _KINDS.get("." + file.name.rpartition(".")[2])
        if kind:
            data = file.read_bytes()
            table[file.name] = kind, f'"{hashlib.sha256(data).hexdigest()[:16]}"', data
    return table


async def _read(request: Request, record: type[T]) -> T:
    """The record that a request's body holds as JSON."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BYTES:
            raise HTTPException(413)
    try:
        return from_row(record, json.loads(body, parse_constant=_no_number))
    except (TypeError, ValueError, RecursionError, DsbuildError) as error:
        raise HTTPException(400, f"not a request of this page: {error}") from error


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


async def _explain(_: Request, error: Exception) -> Response:
    code = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    code = 507 if isinstance(error, DatasetWriteError) else code
    return JSONResponse({"error": str(error), "hint": getattr(error, "hint", "")}, code)


async def _own_fault(_: Request, error: Exception) -> Response:
    what = f"{type(error).__name__}: {error}"
    hint = "this is a fault of dsbuild; please report it"
    return JSONResponse({"error": what, "hint": hint}, 500)
