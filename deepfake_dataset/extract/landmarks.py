"""Points of a face, by dlib's ensemble of regression trees (Kazemi & Sullivan 2014)."""

import math
from functools import cache

import dlib
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.extract.frame import Frame, Image
from deepfake_dataset.extract.search import grow
from deepfake_dataset.models import model_file
from deepfake_dataset.records import Box

Points = NDArray[np.float64]

_FILES = {
    68: "shape_predictor_68_face_landmarks.dat",
    5: "shape_predictor_5_face_landmarks.dat",
}
# dlib rounds points to whole pixels of the picture it is given: at this width of the box
# that costs less than half a percent of the face, and larger faces are smoothed by shrinking.
# From 140 to 280 the error does not change beyond chance (benchmarks/align.py).
_BOX_PX = 200
_MARGIN = 0.5
# How far below the middle of dlib's box the mean of all points lies, and how far from that mean
# they lie (root mean square), in widths of the box: medians over 90 photos.
_MEAN_BELOW = {68: 0.06, 5: -0.14}
_SPREAD = {68: 0.34, 5: 0.22}


@cache
def _predictor(count: int) -> "dlib.shape_predictor":
    return dlib.shape_predictor(str(model_file(_FILES[count])))


def load(count: int) -> None:
    """Read the model now rather than at the first face."""
    _predictor(count)


def find_landmarks(frame: Frame, box: Box, count: int, *, rough: bool = False) -> Points:
    """The face's points as (count, 2) x and y in pixels of the frame; ``count`` is 68 or 5.

    From a box that is off by a tenth of its width they often end beside the face. Where it is
    ``rough`` they are found once more, from where the first ones say that it should lie.
    """
    points = _found_from(frame, box, count)
    return _found_from(frame, box_about(points), count) if rough else points


def box_about(points: Points) -> Box:
    """Where dlib's detector would have the box of a face with these points."""
    count, (x, y) = len(points), points.mean(axis=0).tolist()
    width = math.sqrt(2 * float(points.var(axis=0).mean())) / _SPREAD[count]
    y -= _MEAN_BELOW[count] * width
    return Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)


def _found_from(frame: Frame, box: Box, count: int) -> Points:
    patch = frame.luma(grow(box, _MARGIN), _BOX_PX / box.width)
    left = (box.left - patch.left) * patch.scale_x
    top = (box.top - patch.top) * patch.scale_y
    right, bottom = left + box.width * patch.scale_x, top + box.height * patch.scale_y
    points = points_in(patch.pixels, Box(left, top, right, bottom), count)
    points /= np.array([patch.scale_x, patch.scale_y])
    points += [patch.left, patch.top]
    return points


def points_in(luma: Image, box: Box, count: int) -> Points:
    """The points of the face in a box, in pixels of the picture (h, w)."""
    left, top = round(box.left), round(box.top)
    inside = dlib.rectangle(left, top, round(box.right) - 1, round(box.bottom) - 1)
    shape = _predictor(count)(luma, inside)
    return np.array([(p.x, p.y) for p in shape.parts()], dtype=np.float64) + 0.5
