"""The page's own files: HTML, CSS, JavaScript and its icon, read once at start."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    media_type: str
    etag: str
    data: bytes


class StaticFiles:
    """Answers with one of the files in ``static/``; a name outside of it is never a path."""

    def __init__(self) -> None:
        self._files = _read_all()

    def answer(self, request: Request, name: str) -> Response:
        """The file, or word that the browser's copy still holds.

        Raises :class:`HTTPException` 404.
        """
        file = self._files.get(name)
        if file is None:
            raise HTTPException(404)
        headers = {"ETag": file.etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.data, headers=headers, media_type=file.media_type)


def _read_all() -> dict[str, _File]:
    found = {}
    for file in files("deepfake_dataset.review.web").joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get("." + file.name.rpartition(".")[2])
        if media_type:
            data = file.read_bytes()
            etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            found[file.name] = _File(media_type, etag, data)
    return found
