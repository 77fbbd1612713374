"""Measures the crops of one video, once: all that the reasons need of pictures.

A second look at each crop, and how unlike it is to those beside it in time and to the rest
of its track. Nothing here judges: see ``review/reasons/``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.records import Face, Label
from deepfake_dataset.review.other_person import TrackIdentities

VERSION = 2
"""Raised whenever :func:`measure_crops` would give other numbers for the same crops."""

Look = Callable[[NDArray[np.uint8], float], tuple[float, ...]]
"""``extract.second_look.recheck_crop``: luma (n, n) of a crop and its margin to numbers."""

Embed = Callable[[NDArray[np.uint8], Face], NDArray[np.float32]]
"""Who a crop shows: RGB (n, n, 3) and the face's record to 128 numbers."""

LOOK = (
    "look_score",
    "look_x",
    "look_y",
    "look_side",
    "eyes_turn",
    "eyes_x",
    "eyes_y",
    "eyes_apart",
)
CLUES = pa.schema(
    [
        pa.field("face_id", pa.string()),
        *(
            pa.field(name, pa.float64())
            for name in (*LOOK, "unlike_shape", "unlike_colour", "stranger")
        ),
    ]
)
"""A row a face. ``look_…`` and ``eyes_…`` are what the second look gave; ``unlike_…`` are
distances of descriptors, 0 for the same picture; ``stranger`` is how far the face is from
the person that the video is about, in units of the distance that parts people (0 where there
was no reason to ask)."""

_SHAPE_SIDE, _COLOUR_SIDE = 64, 8
_HOG = cv2.HOGDescriptor((_SHAPE_SIDE, _SHAPE_SIDE), (16, 16), (16, 16), (8, 8), 9)
"""Cells of 8 pixels, blocks of 2 × 2 cells that do not overlap, 9 directions (Dalal & Triggs
2005): 576 numbers, 0.04 ms a crop."""
_BESIDE = 2
"""Faces before and after that one is compared with."""
_FEW = 5
"""A track of fewer faces says little of how its face looks; the whole video stands in."""


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """One video whose crops are to be measured, as a worker process is given it."""

    dataset: Dataset
    video_id: str
    look: Look
    embed: Embed


def measure_crops(task: MeasureTask) -> pa.Table:
    """Measure the crops of a video; rows as in its record.

    Raises :class:`MissingCropError`.
    """
    video = task.dataset.read(task.video_id)
    faces, forged = video.faces, is_forged(video.provenance.label)
    crops = [_read(task.dataset.face_path(task.video_id, face.face_id)) for face in faces]
    margin = task.dataset.settings.extract.margin
    looks = [task.look(_luma(crop), margin) for crop in crops]
    shapes, colours = (
        np.array([describe(crop) for crop in crops]) for describe in (_shape, _colour)
    )
    apart = _apart(faces, shapes), _apart(faces, colours)
    people = TrackIdentities(lambda row: task.embed(_rgb(crops[row]), faces[row]))
    described = {
        "unlike_shape": np.minimum(_beside(faces, shapes), apart[0]),
        "unlike_colour": np.minimum(_beside(faces, colours), apart[1]),
        "stranger": people.strangers(
            list(_tracks(faces)), np.sqrt(apart[0] * apart[1]), one_person=forged
        ),
    }
    columns = dict(zip(LOOK, np.array(looks).T, strict=True)) | described
    return pa.table({"face_id": [face.face_id for face in faces], **columns}, schema=CLUES)


def is_forged(label: str) -> bool:
    """Whether every face of a video should be its target's: in a real one all may be shown."""
    return label != Label.REAL


def _luma(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _rgb(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _read(path: Path) -> NDArray[np.uint8]:
    crop = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if crop is None:
        raise MissingCropError(
            f"the crop {path} is missing or damaged",
            "delete its video's record in videos/ and run dsbuild extract again",
        )
    return np.asarray(crop, dtype=np.uint8)


def _shape(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Directions of edges, block by block normalised: what stands where, whatever the light."""
    small = cv2.resize(_luma(crop), (_SHAPE_SIDE, _SHAPE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(_HOG.compute(small), np.float32).ravel() / np.float32(8)


def _colour(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Lab of eight by eight areas."""
    small = cv2.resize(crop, (_COLOUR_SIDE, _COLOUR_SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return np.asarray(lab, np.float32).ravel() / np.float32(100 * _COLOUR_SIDE)


def _tracks(faces: Sequence[Face]) -> Iterator[NDArray[np.int64]]:
    tracks = np.array([face.track for face in faces])
    for track in np.unique(tracks):
        yield np.flatnonzero(tracks == track)


def _apart(faces: Sequence[Face], described: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance to the middle of the track."""
    apart = np.zeros(len(faces))
    for rows in _tracks(faces):
        own = described[rows]
        middle = np.median(described if len(rows) < _FEW else own, axis=0)
        apart[rows] = np.linalg.norm(own - middle, axis=1)
    return apart


def _beside(faces: Sequence[Face], described: NDArray[np.float32]) -> NDArray[np.float64]:
    """Median distance to the faces just before and after; without limit where there are none."""
    beside = np.full(len(faces), np.inf)
    for rows in _tracks(faces):
        if len(rows) > 1:
            beside[rows] = np.nanmedian(_to_neighbours(described[rows]), axis=0)
    return beside


def _to_neighbours(described: NDArray[np.float32]) -> NDArray[np.float64]:
    """(neighbours, n) distances, NaN where there is none; n is at least 2."""
    count = len(described)
    steps = [step for step in range(-_BESIDE, _BESIDE + 1) if step]
    distances = np.full((len(steps), count), np.nan)
    for i, step in enumerate(steps):
        here = np.arange(max(0, -step), min(count, count - step))
        distances[i, here] = np.linalg.norm(described[here] - described[here + step], axis=1)
    return distances
