"""The page's HTTP API: its routes, and what each is answered.

Nothing in a request names a file: faces are looked up by their id in the queue's table, the
page's own files in a table made at start.
"""

import base64
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deepfake_dataset.dataset.decisions import STATES, Action
from deepfake_dataset.dataset.schema import to_row
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
from deepfake_dataset.review.make_decisions import Acknowledgement
from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.crop_thumbnails import CropThumbnails
from deepfake_dataset.review.web.face_details import face_details, recropped_overlay
from deepfake_dataset.review.web.face_list import (
    LABELS,
    encode_face_list,
    hash_of_crop,
    label_code,
    make_face_list,
)
from deepfake_dataset.review.web.original_pairs import OriginalPairs
from deepfake_dataset.review.web.request_bodies import DecideBody, FixBody, PreviewBody, read_body
from deepfake_dataset.review.web.security import AccessGuard
from deepfake_dataset.review.web.static_files import StaticFiles

_ACKNOWLEDGEMENTS_KEPT = 10_000
"""For requests that are sent again because the answer did not arrive."""
_CACHED_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_STATUS = {UnknownFaceError: 404, MissingCropError: 404, SourceGoneError: 404, ReviewError: 409}


def make_app(
    session: ReviewSession, *, token: str, reviewer: str, host: str = "127.0.0.1"
) -> Starlette:
    """The page and what it asks for, for a server that listens on ``host``."""
    handlers = _Handlers(session, reviewer)
    routes = [
        Route("/", handlers.page),
        Route("/static/{name}", handlers.static),
        Route("/api/faces", handlers.faces),
        Route("/api/faces/{face_id}", handlers.face),
        Route("/api/changes", handlers.changes),
        Route("/api/decide", handlers.decide, methods=["POST"]),
        Route("/api/fix", handlers.fix, methods=["POST"]),
        Route("/api/preview", handlers.preview, methods=["POST"]),
        Route("/thumbs/{face_id}/{hash}.jpg", handlers.thumbnail),
        Route("/crops/{face_id}/{hash}.png", handlers.crop),
        Route("/frames/{face_id}.jpg", handlers.frame),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(AccessGuard, token=token, host=host)],
        exception_handlers={DsbuildError: _explain, VideoError: _explain, Exception: _own_fault},
    )


class _Handlers:
    """Of each route."""

    def __init__(self, session: ReviewSession, reviewer: str) -> None:
        self._session = session
        self._reviewer = reviewer
        self._face_list = make_face_list(session.faces)
        self._pairs = OriginalPairs(session.faces)
        self._thumbnails = CropThumbnails(session)
        self._static = StaticFiles()
        self._done: OrderedDict[str, Acknowledgement] = OrderedDict()
        self._deciding = Lock()

    def page(self, request: Request) -> Response:
        """The page itself."""
        return self._static.answer(request, "index.html")

    def static(self, request: Request) -> Response:
        """One of its files."""
        return self._static.answer(request, request.path_params["name"])

    def faces(self, _: Request) -> Response:
        """Every face, worst first, and what the page needs to know once."""
        self._session.refresh()
        head = {
            "dataset": self._session.dataset.name,
            "reviewer": self._reviewer,
            "version": self._session.version,
            "count": self._session.faces.num_rows,
            "states": [str(state) for state in STATES],
            "labels": [str(label) for label in LABELS],
            "reasonTexts": [[reason.name, reason.text] for reason in all_reasons()],
            "thumbs": self._first_thumbnails(),
        }
        data = encode_face_list(self._face_list, self._session, head)
        return Response(data, media_type="application/octet-stream")

    def face(self, request: Request) -> Response:
        """One face."""
        position = self._session.position(request.path_params["face_id"])
        original = self._pairs.face_of_original(position)
        return JSONResponse(to_row(face_details(self._session, position, original)))

    def changes(self, request: Request) -> Response:
        """What was decided since a version, by whomever."""
        since = request.query_params.get("since", "")
        if not since.isdecimal() or len(since) > 15:
            raise HTTPException(400)
        self._session.refresh()
        return self._changes(int(since))

    async def decide(self, request: Request) -> Response:
        """Write decisions to the log, then say so."""
        body = await read_body(request, DecideBody)
        return await run_in_threadpool(self._decide, body)

    async def fix(self, request: Request) -> Response:
        """Cut a face out anew, and write that to the log."""
        body = await read_body(request, FixBody)
        return await run_in_threadpool(self._fix, body)

    async def preview(self, request: Request) -> Response:
        """Cut a face out anew, to look at."""
        body = await read_body(request, PreviewBody)
        made = await run_in_threadpool(self._session.preview, body.face_id, body.marks)
        picture = base64.b64encode(made.png).decode()
        return JSONResponse({"overlay": to_row(recropped_overlay(made)), "png": picture})

    def thumbnail(self, request: Request) -> Response:
        """A crop in small."""
        face_id, crop_hash = self._crop_asked_for(request)
        data = self._thumbnails.of(face_id, crop_hash)
        return Response(data, headers=_CACHED_FOREVER, media_type="image/jpeg")

    def crop(self, request: Request) -> Response:
        """A crop as it is stored."""
        face_id, _ = self._crop_asked_for(request)
        data = self._session.read_crop(face_id)
        return Response(data, headers=_CACHED_FOREVER, media_type="image/png")

    def frame(self, request: Request) -> Response:
        """The frame of a face. Its id names the video's bytes and the frame: it never changes."""
        data = self._session.frame(request.path_params["face_id"])
        return Response(data, headers=_CACHED_FOREVER, media_type="image/jpeg")

    def _first_thumbnails(self) -> dict[str, str]:
        """By the crop's hash, as addresses that hold the picture: no answer to wait for."""
        made = self._thumbnails.made_first()
        head = "data:image/jpeg;base64,"
        return {
            crop_hash: head + base64.b64encode(data).decode() for crop_hash, data in made.items()
        }

    def _crop_asked_for(self, request: Request) -> tuple[str, str]:
        """Face and hash of a crop's address, if that crop is the one that counts now."""
        face_id, crop_hash = request.path_params["face_id"], request.path_params["hash"]
        if hash_of_crop(self._session, self._session.position(face_id)) != crop_hash:
            raise HTTPException(404)
        return face_id, crop_hash

    def _decide(self, body: DecideBody) -> Response:
        reviewer, reason = self._name(body.reviewer), one_line(body.reason)
        if body.action is Action.FIX:
            raise ReviewError("a fix needs marks", "send it to /api/fix")

        def make() -> Acknowledgement:
            if body.action is Action.UNDO:
                return self._session.undo(
                    body.face_ids, reviewer=reviewer, reason=reason, seen=body.seen
                )
            return self._session.decide(
                body.face_ids, body.action, reviewer=reviewer, reason=reason, label=body.label
            )

        return self._once(body.request, make)

    def _fix(self, body: FixBody) -> Response:
        reviewer, reason = self._name(body.reviewer), one_line(body.reason)
        return self._once(
            body.request,
            lambda: self._session.fix(body.face_id, body.marks, reviewer=reviewer, reason=reason),
        )

    def _once(self, request: str, make: Callable[[], Acknowledgement]) -> Response:
        """Do what was asked for unless it is done already; say what came of it either way."""
        with self._deciding:
            done = self._done.get(request) or make()
            self._done[request] = done
            if len(self._done) > _ACKNOWLEDGEMENTS_KEPT:
                self._done.popitem(last=False)
        first = done.rows[0] if done.rows else done.version
        return self._changes(first, rows=len(done.rows))

    def _name(self, given: str) -> str:
        return one_line(given)[:100] or self._reviewer

    def _changes(self, since: int, rows: int | None = None) -> Response:
        session = self._session
        log = session.verdicts.log.slice(since, rows)
        decided = zip(log["face_id"].to_pylist(), log["reviewer"].to_pylist(), strict=True)
        latest = {face_id: who for face_id, who in decided if session.has(face_id)}
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
        "hash": hash_of_crop(session, position),
        "reviewer": reviewer,
    }


async def _explain(_: Request, error: Exception) -> Response:
    code = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
    code = 507 if isinstance(error, DatasetWriteError) else code
    return JSONResponse({"error": str(error), "hint": getattr(error, "hint", "")}, code)


async def _own_fault(_: Request, error: Exception) -> Response:
    what = f"{type(error).__name__}: {error}"
    hint = "this is a fault of dsbuild; please report it"
    return JSONResponse({"error": what, "hint": hint}, 500)
