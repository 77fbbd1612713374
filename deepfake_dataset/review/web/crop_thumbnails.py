"""Thumbnails of crops, made once, so that a grid of thousands of them comes at once."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2

from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.review.crop_files import decode_crop
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.face_list import hash_of_crop
from deepfake_dataset.storage.cache_folder import read_cached, write_cached

SIDE_PX = 160
_FIRST_SCREEN = 80
"""As many as a large window shows at first: they go to the page with the list of faces."""
_AFTER_FIRST_OPEN = 12
"""Of them after the first open face, which a page that opens scrolls into its last row."""
_QUALITY = 88
_FOLDER = "thumbnails"


class CropThumbnails:
    """JPEGs of the crops of a session, kept in its dataset's cache folder by the crops' hashes."""

    def __init__(self, session: ReviewSession) -> None:
        self._session = session
        self._folder = session.dataset.cache_folder / _FOLDER

    def make_first(self) -> None:
        """Make those that a page shows at first; what cannot be made is an error when asked for."""
        for face_id, crop_hash in self._first():
            with suppress(MissingCropError):
                self.of(face_id, crop_hash)

    def made_first(self) -> dict[str, bytes]:
        """By the crops' hashes, those that a page shows at first, as far as they are made."""
        hashes = (crop_hash for _, crop_hash in self._first())
        made = {crop_hash: read_cached(self._file(crop_hash)) for crop_hash in hashes}
        return {crop_hash: jpeg for crop_hash, jpeg in made.items() if jpeg}

    def of(self, face_id: str, crop_hash: str) -> bytes:
        """The crop of a face in small; ``crop_hash`` is that of the crop that counts now.

        Raises :class:`MissingCropError`.
        """
        file = self._file(crop_hash)
        jpeg = read_cached(file)
        if not jpeg:
            jpeg = self._make(face_id)
            write_cached(file, jpeg)
        return jpeg

    def _first(self) -> Iterator[tuple[str, str]]:
        """Faces and hashes of crops in view when the page opens at the first open face."""
        session = self._session
        start = max(0, int(session.verdicts.reviewed.argmin()) + _AFTER_FIRST_OPEN - _FIRST_SCREEN)
        for position in range(start, min(start + _FIRST_SCREEN, session.faces.num_rows)):
            yield session.faces["face_id"][position].as_py(), hash_of_crop(session, position)

    def _make(self, face_id: str) -> bytes:
        crop = decode_crop(self._session.dataset, self._session.crop_key(face_id))
        small = cv2.resize(crop, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()

    def _file(self, crop_hash: str) -> Path:
        return self._folder / crop_hash[:2] / f"{crop_hash}.jpg"
