"""Finds landmarks in a face's box, with dlib's models (Kazemi & Sullivan 2014)."""

import math
import warnings
from collections.abc import Sequence
from functools import cache

import numpy as np

from deepfake_dataset.faces.detection_windows import grow
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.faces.shape_predictor import DlibShapePredictor, Points, ShapePredictor
from deepfake_dataset.records import PIXEL_DIGITS, Box
from deepfake_dataset.video.frame import Frame, Patch

_FILES = {
    68: "shape_predictor_68_face_landmarks.dat",
    5: "shape_predictor_5_face_landmarks.dat",
}
# Width of the box in the picture that pixels are read from; larger faces are smoothed by shrinking.
# From 90 to 200 the error does not change beyond chance (benchmarks/align.py).
_BOX_PX = 120
# Of the pixels of 64 faces none was read further than a quarter of the width outside the box.
_MARGIN = 0.3
_STEPS_A_PIXEL = 10**PIXEL_DIGITS
# How far below the middle of dlib's box the mean of all points lies, and how far from that mean
# they lie (root mean square), in widths of the box: medians over 90 photos.
_MEAN_BELOW = {68: 0.06, 5: -0.14}
_SPREAD = {68: 0.34, 5: 0.22}


@cache
def _predictor(count: int) -> ShapePredictor | DlibShapePredictor:
    file = model_file(_FILES[count])
    try:
        return ShapePredictor(file)
    except ValueError as error:
        predictor = DlibShapePredictor(file)
        warnings.warn(
            f"{file.name} is not laid out as expected: {error};"
            " landmarks are found by dlib itself, in three times the time",
            stacklevel=1,
        )
        return predictor


def load_landmark_model(count: int) -> None:
    """Read the model now rather than at the first face."""
    _predictor(count)


def find_landmarks(frame: Frame, box: Box, count: int, *, rough: bool = False) -> Points:
    """The points of one face: see :func:`find_landmarks_of_many`."""
    return find_landmarks_of_many([(frame, box)], count, rough=rough)[0]


def find_landmarks_of_many(
    faces: Sequence[tuple[Frame, Box]], count: int, *, rough: bool = False
) -> list[Points]:
    """The points of faces in boxes: (count, 2) x and y in pixels of the frame; 68 or 5.

    From a box that is off by a tenth of its width they often end beside the face. Where boxes are
    ``rough`` they are found once more, from where the first ones say that the box should lie.
    """
    points = _find(faces, count)
    if not rough:
        return points
    again = [(frame, box_about(first)) for (frame, _), first in zip(faces, points, strict=True)]
    return _find(again, count)


def _find(faces: Sequence[tuple[Frame, Box]], count: int) -> list[Points]:
    patches = [frame.luma(grow(box, _MARGIN), _BOX_PX / box.width) for frame, box in faces]
    boxes = [patch.from_frame(box) for patch, (_, box) in zip(patches, faces, strict=True)]
    found = _predictor(count).find([patch.pixels for patch in patches], boxes)
    return [_in_frame(points, patch) for points, patch in zip(found, patches, strict=True)]


def _in_frame(points: Points, patch: Patch) -> Points:
    """Points of a patch in pixels of its frame, to a thousandth: what lies beyond is noise."""
    points = points / [patch.scale_x, patch.scale_y] + [patch.left, patch.top]
    return np.round(points, PIXEL_DIGITS)


def box_about(points: Points) -> Box:
    """Where dlib's detector would have the box of a face with these points.

    Sums are of whole thousandths of a pixel: landmarks are doubted or not by the width, on every
    processor the same.
    """
    count = len(points)
    steps = np.rint(points * _STEPS_A_PIXEL).astype(np.int64)
    sums = steps.sum(axis=0).tolist()
    variance = count * int((steps * steps).sum()) - sum(s * s for s in sums)
    unit = count * _STEPS_A_PIXEL
    width = math.sqrt(variance) / unit / _SPREAD[count]
    x, y = (s / unit for s in sums)
    y -= _MEAN_BELOW[count] * width
    return Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2).rounded()
