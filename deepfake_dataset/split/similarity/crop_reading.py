"""A crop read back: the picture that its record speaks of, or what is wrong with it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A crop that nothing can be computed of."""

    crop: str
    """Its path below the dataset."""
    problem: str


def read_crop(root: Path, crop: str, sha256: str) -> Image | Unusable:
    """The crop as RGB (h, w, 3), if it still is the file that was recorded."""
    try:
        data = (root / crop).read_bytes()
    except OSError as error:
        return Unusable(crop, error.strerror or "cannot be read")
    if hashlib.sha256(data).hexdigest() != sha256:
        return Unusable(crop, "is not the file that was recorded")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return Unusable(crop, "is no picture") if image is None else np.asarray(image, np.uint8)


Tell = Callable[[str, int, int], None]
"""Told how far the work is: what is done, how many of how many."""


def quiet(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def spread(faces: pa.Table, most: int) -> NDArray[np.int64]:
    """Positions of up to ``most`` faces of every track, evenly spread over its frames.

    In order of video, track and frame.
    """
    return evenly(track_codes(faces), most, faces["frame"].to_numpy())


def evenly(
    owner: NDArray[np.int64], most: int, order: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Positions of up to ``most`` things of every owner, evenly spread in their ``order``.

    They come by owner; without an order, things stay in that in which they are given.
    """
    rows = np.argsort(owner, kind="stable") if order is None else np.lexsort((order, owner))
    _, first, size = np.unique(owner[rows], return_index=True, return_counts=True)
    place, of = np.arange(len(rows)) - np.repeat(first, size), np.repeat(size, size)
    steps = np.minimum(most, of) * np.array([place, place + 1]) + of // 2
    return np.asarray(rows[steps[0] // of < steps[1] // of], np.int64)


def track_codes(faces: pa.Table) -> NDArray[np.int64]:
    """A number a track, for each face; they rise with the video's id and the track's number."""
    coded = faces["video_id"].combine_chunks().dictionary_encode()
    rank = np.argsort(np.argsort(np.array(coded.dictionary.to_pylist())))
    video = rank[coded.indices.to_numpy()]
    return np.asarray((video.astype(np.int64) << 32) + faces["track"].to_numpy(), np.int64)
