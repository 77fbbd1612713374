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
from deepfake_dataset.review.web.face_list import hash_of_crop

SIDE_PX = 160
_FIRST_SCREEN = 80
"""As many as a large window shows at first: they go to the page with the list of faces."""
_AFTER_FIRST_OPEN = 12
"""Of them after the first open face, which a page that opens scrolls into its last row."""
_QUALITY = 88


class CropThumbnails:
    """JPEGs of crops, kept by the crop's hash in a folder that may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of_session(cls, session: ReviewSession) -> Self:
        """Those that a dataset keeps."""
        return cls(session.dataset.cache_folder / "thumbnails")

    def make_first(self, session: ReviewSession) -> None:
        """Make those that a page shows at first; what cannot be made is an error when asked for."""
        for crop_hash, crop in _first(session):
            with suppress(MissingCropError):
                self.of(crop, crop_hash)

    def made_first(self, session: ReviewSession) -> dict[str, bytes]:
        """By the crops' hashes, those that a page shows at first, as far as they are made."""
        made = {}
        for crop_hash, _ in _first(session):
            with suppress(OSError):
                made[crop_hash] = self._place(crop_hash).read_bytes()
        return made

    def of(self, crop: Path, crop_hash: str) -> bytes:
        """The crop in small; ``crop_hash`` is the beginning of its file's SHA-256, in hex digits.

        Raises :class:`MissingCropError`.
        """
        kept = self._place(crop_hash)
        with suppress(OSError):
            return kept.read_bytes()
        small = _small(crop)
        with suppress(OSError):  # on a read-only disk they are made each time
            _keep(kept, small)
        return small

    def _place(self, crop_hash: str) -> Path:
        return self._folder / crop_hash[:2] / f"{crop_hash}.jpg"


def _first(session: ReviewSession) -> Iterator[tuple[str, Path]]:
    """Hashes and crops of the faces that are in view when the page opens at the first open one."""
    start = max(0, int(session.verdicts.reviewed.argmin()) + _AFTER_FIRST_OPEN - _FIRST_SCREEN)
    for position in range(start, min(start + _FIRST_SCREEN, session.faces.num_rows)):
        crop = session.crop_path(session.faces["face_id"][position].as_py())
        yield hash_of_crop(session, position), crop


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
