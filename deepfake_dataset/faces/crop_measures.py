"""Measures kept with every crop: sharpness, brightness and yaw.

Sums are of whole numbers, which come out the same in any order; see ``records.py`` for the steps
that measures are rounded to.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.alignment import Anchors
from deepfake_dataset.records import DEGREE_DIGITS, MEASURE_DIGITS
from deepfake_dataset.video.frame import Image

_SIDE = 256  # measures of crops of any size are taken at this one, so that they compare
# How far the nose stands out before the plane of the eyes, over the distance between the
# eyes. An assumption, the same for every face: angles compare with each other only.
_NOSE_DEPTH = 0.5


def sharpness(luma: Image) -> float:
    """Variance of the Laplacian of luma (h, w), at 256 pixels a side (Pertuz et al. 2013)."""
    same = luma if luma.shape[0] == _SIDE else cv2.resize(luma, (_SIDE, _SIDE))
    edges = cv2.Laplacian(same, cv2.CV_16S)
    total, squares = int(cv2.sumElems(edges)[0]), int(cv2.norm(edges, cv2.NORM_L2SQR))
    return round((edges.size * squares - total**2) / edges.size**2, MEASURE_DIGITS)


def brightness(luma: Image) -> float:
    """Mean of luma (h, w), 0 to 255."""
    return round(cv2.sumElems(luma)[0] / luma.size, MEASURE_DIGITS)


def yaw_deg(anchors: Anchors) -> float:
    """Turn of the head to the side: how far the nose has moved off the line eyes to mouth.

    An estimate, never checked against measured angles; positive looks to the picture's right.
    """
    between = anchors.left_eye - anchors.right_eye
    distance = math.sqrt(_dot(between, between))
    if distance == 0:
        return 0.0
    eyes = (anchors.left_eye + anchors.right_eye) / 2
    axis = anchors.mouth - eyes
    nose = anchors.center - eyes
    along = _dot(nose, axis) / max(1e-9, _dot(axis, axis))
    off = _dot(nose - along * axis, between) / distance
    return round(math.degrees(math.atan2(off, _NOSE_DEPTH * distance)), DEGREE_DIGITS)


def _dot(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The inner product of two places, (2,) each: a BLAS may fuse its steps."""
    return float(one[0]) * float(other[0]) + float(one[1]) * float(other[1])
