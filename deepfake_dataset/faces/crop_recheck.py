"""Rechecks a crop: whether a detector and a landmark model find a face in it, and where.

It sees the crop alone, not the frame, so it does not repeat what made the crop: detector and
landmarks start anew, on a picture in which a face that was aligned well fills the middle.
"""

import math
from functools import cache

import cv2
import dlib
import numpy as np

from deepfake_dataset.faces.alignment import anchors_from_landmarks
from deepfake_dataset.faces.detectors import make_detector
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.video.frame import Image

_SIDE = 104
"""Pixels a side of the picture searched. From 96 to 160 the share of sound crops in which a
face is found does not change beyond chance; the time grows with the square."""
_FACE_SHARE = 0.76
"""Side of the detector's box over the crop's, at extraction's usual margin of 1.3."""


def recheck_crop(luma: Image, margin: float) -> tuple[float, ...]:
    """What is seen in the luma (n, n) of an aligned crop of that margin.

    Gives the detector's score, and its box's middle (x, y) and side, all NaN where it finds
    no face; then of five landmarks begun in the middle of the crop: how far the line of the
    eyes is turned in degrees clockwise, the middle between the eyes (x, y), and their
    distance. Lengths are shares of the face's length: the crop's side over its margin.
    Places are from the crop's centre.
    """
    small = cv2.resize(luma, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return *_detected(np.asarray(small), margin), *_eyes(np.asarray(small), margin)


def _detected(small: Image, margin: float) -> tuple[float, ...]:
    found = make_detector("hog").find(small)
    if not found:
        return math.nan, math.nan, math.nan, math.nan
    best = max(found, key=lambda detection: detection.score)
    x, y = best.box.center
    unit = _SIDE / margin
    return best.score, (x - _SIDE / 2) / unit, (y - _SIDE / 2) / unit, best.box.width / unit


def _eyes(small: Image, margin: float) -> tuple[float, ...]:
    unit = _SIDE / margin
    anchors = anchors_from_landmarks(_points(small, _FACE_SHARE * 1.3 * unit))
    across = anchors.left_eye - anchors.right_eye
    x, y = ((anchors.left_eye + anchors.right_eye) / 2 - _SIDE / 2) / unit
    turn = math.degrees(math.atan2(across[1], across[0]))
    return turn, float(x), float(y), float(np.linalg.norm(across)) / unit


def _points(small: Image, width: float) -> Points:
    """Five points of a face in the middle of a picture, by dlib: quicker for one face alone."""
    first, last = round((_SIDE - width) / 2), round((_SIDE + width) / 2) - 1
    shape = _predictor()(small, dlib.rectangle(first, first, last, last))
    return np.array([(p.x, p.y) for p in shape.parts()], dtype=np.float64) + 0.5


@cache
def _predictor() -> "dlib.shape_predictor":
    return dlib.shape_predictor(str(model_file("shape_predictor_5_face_landmarks.dat")))


def load_recheck_models() -> None:
    """Read the models now rather than at the first crop."""
    _predictor()
    make_detector("hog")
