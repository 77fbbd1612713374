"""Measures the crops of a video for review: all that the reasons need of pictures.

Each crop is rechecked by itself, and compared with those beside it in time, with its track and
with the person whom the video is about. What is odd enough to be named is decided by
``review/reasons/``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.records import Face, Label
from deepfake_dataset.review.appearance_distance import (
    colour_descriptor,
    distance_to_neighbours,
    distance_to_track,
    shape_descriptor,
    tracks_of,
)
from deepfake_dataset.review.crop_files import decode_crop
from deepfake_dataset.review.other_person import PersonComparison

VERSION = 2
"""Raised whenever :func:`measure_crops` would give other numbers for the same crops."""

Recheck = Callable[[NDArray[np.uint8], float], tuple[float, ...]]
"""``faces.crop_recheck.recheck_crop``: luma (n, n) of a crop and its margin to numbers."""

Embed = Callable[[NDArray[np.uint8], Face], NDArray[np.float32]]
"""Who a crop shows: RGB (n, n, 3) and the face's record to 128 numbers."""

RECHECK_COLUMNS = (
    "recheck_score",
    "recheck_x",
    "recheck_y",
    "recheck_side",
    "eyes_turn",
    "eyes_x",
    "eyes_y",
    "eyes_apart",
)
"""What ``recheck_crop`` gives, in its order."""
MEASUREMENTS = pa.schema(
    [
        pa.field("face_id", pa.string()),
        *(
            pa.field(name, pa.float64())
            for name in (*RECHECK_COLUMNS, "shape_distance", "colour_distance", "person_distance")
        ),
    ]
)
"""A row a face. ``shape_distance`` and ``colour_distance`` are to the neighbours or to the track,
whichever is nearer, 0 for the same picture; ``person_distance`` is how far the face is from the
person that the video is about, in units of the distance that parts people (0 where there was no
reason to ask)."""


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """One video whose crops are to be measured, as a worker process is given it."""

    dataset: Dataset
    video_id: str
    recheck: Recheck
    embed: Embed


def measure_crops(task: MeasureTask) -> pa.Table:
    """Measure the crops of a video; rows as in its record, columns of :data:`MEASUREMENTS`.

    Raises :class:`MissingCropError`.
    """
    video = task.dataset.read(task.video_id)
    faces = video.faces
    keys = [layout.crop_key(task.video_id, face.face_id) for face in faces]
    crops = [_picture(task.dataset, key) for key in keys]
    margin = task.dataset.settings.extract.margin
    rechecked = [task.recheck(_luma(crop), margin) for crop in crops]
    shapes, colours = (
        np.array([describe(crop) for crop in crops])
        for describe in (shape_descriptor, colour_descriptor)
    )
    shape_to_track, colour_to_track = (distance_to_track(faces, d) for d in (shapes, colours))
    people = PersonComparison(lambda row: task.embed(_rgb(crops[row]), faces[row]))
    columns = dict(zip(RECHECK_COLUMNS, np.array(rechecked).T, strict=True)) | {
        "shape_distance": np.minimum(distance_to_neighbours(faces, shapes), shape_to_track),
        "colour_distance": np.minimum(distance_to_neighbours(faces, colours), colour_to_track),
        "person_distance": people.distances(
            list(tracks_of(faces)),
            np.sqrt(shape_to_track * colour_to_track),
            one_person=shows_one_person(video.provenance.label),
        ),
    }
    face_ids = [face.face_id for face in faces]
    return pa.table({"face_id": face_ids, **columns}, schema=MEASUREMENTS)


def shows_one_person(label: str) -> bool:
    """Whether every face of a video should be its target's: in a real one all may be shown."""
    return label != Label.REAL


def _picture(dataset: Dataset, key: str) -> NDArray[np.uint8]:
    try:
        return decode_crop(dataset, key)
    except MissingCropError as error:
        raise MissingCropError(
            f"the crop {dataset.storage.location(key)} is missing or damaged",
            "delete its video's record in videos/ and run dsbuild extract again",
        ) from error


def _luma(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _rgb(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), dtype=np.uint8)
