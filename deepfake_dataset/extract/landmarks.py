"""Points of a face, by dlib's ensemble of regression trees (Kazemi & Sullivan 2014)."""

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


@cache
def _predictor(count: int) -> "dlib.shape_predictor":
    return dlib.shape_predictor(str(model_file(_FILES[count])))


def load(count: int) -> None:
    """Read the model now rather than at the first face."""
    _predictor(count)


def find_landmarks(frame: Frame, box: Box, count: int) -> Points:
    """The face's points as (count, 2) x and y in pixels of the frame; ``count`` is 68 or 5."""
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
