"""Thumbnails of crops, made once, so that a grid of thousands of them comes at once."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self

import cv2
import numpy as np

from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.face_list import crop_key, crop_sha256

SIDE_PX = 160
_FIRST = 80
"""As many as a large window shows at first: they go to the page with the list of faces."""
_BELOW = 12
"""Of them after the first open face, which a page that opens scrolls into its last row."""
_QUALITY = 88


class Thumbnails:
    """JPEGs of crops, kept by the crop's hash in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of_session(cls, session: ReviewSession) -> Self:
        """Those that a dataset keeps."""
        return cls(session.dataset.cache_folder / "thumbnails")

    def make_first(self, session: ReviewSession) -> None:
        """Make those that a page shows at first; what cannot be made is told when asked for."""
        for key, crop in _first(session):
            with suppress(MissingCropError):
                self.of(crop, key)

    def made_first(self, session: ReviewSession) -> dict[str, bytes]:
        """By their keys, those that a page shows at first, as far as they are made."""
        made = {}
        for key, _ in _first(session):
            with suppress(OSError):
                made[key] = self._place(key).read_bytes()
        return made

    def of(self, crop: Path, key: str) -> bytes:
        """The crop in small; ``key`` is the beginning of its file's SHA-256, in hex digits.

        Raises :class:`MissingCropError`.
        """
        kept = self._place(key)
        with suppress(OSError):
            return kept.read_bytes()
        small = _small(crop)
        with suppress(OSError):  # on a read-only disk they are made each time
            _keep(kept, small)
        return small

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.jpg"


def _first(session: ReviewSession) -> Iterator[tuple[str, Path]]:
    """Keys and crops of the faces that are in view when the page opens at the first open one."""
    start = max(0, int(session.verdicts.reviewed.argmin()) + _BELOW - _FIRST)
    for position in range(start, min(start + _FIRST, session.faces.num_rows)):
        crop = session.crop_path(session.faces["face_id"][position].as_py())
        yield crop_key(crop_sha256(session, position)), crop


def _small(crop: Path) -> bytes:
    picture = cv2.imdecode(np.frombuffer(read_crop(crop), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise MissingCropError(f"{crop} is no picture", "extract its video again")
    small = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()


def read_crop(crop: Path) -> bytes:
    """A crop's file. Raises :class:`MissingCropError`."""
    try:
        data = crop.read_bytes()
    except OSError as error:
        data, why = b"", str(error.strerror)
    else:
        why = "it is empty"
    if not data:
        raise MissingCropError(f"{crop} cannot be read: {why}", "extract its video again")
    return data


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".partial-", delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)
