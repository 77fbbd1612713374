"""Measures kept with every crop: sharpness and yaw."""

import math

import cv2
import numpy as np

from deepfake_dataset.faces.alignment import Anchors
from deepfake_dataset.video.frame import Image

_SIDE = 256  # measures of crops of any size are taken at this one, so that they compare
# How far the nose stands out before the plane of the eyes, over the distance between the
# eyes. An assumption, the same for every face: angles compare with each other only.
_NOSE_DEPTH = 0.5


def sharpness(luma: Image) -> float:
    """Variance of the Laplacian of luma (h, w), at 256 pixels a side (Pertuz et al. 2013)."""
    same = luma if luma.shape[0] == _SIDE else cv2.resize(luma, (_SIDE, _SIDE))
    _, deviation = cv2.meanStdDev(cv2.Laplacian(same, cv2.CV_16S))
    return float(deviation[0, 0] ** 2)


def yaw_deg(anchors: Anchors) -> float:
    """Turn of the head to the side: how far the nose has moved off the line eyes to mouth.

    An estimate, never checked against measured angles; positive looks to the picture's right.
    """
    between = anchors.left_eye - anchors.right_eye
    distance = float(np.linalg.norm(between))
    if distance == 0:
        return 0.0
    eyes = (anchors.left_eye + anchors.right_eye) / 2
    axis = anchors.mouth - eyes
    nose = anchors.center - eyes
    along = float(nose @ axis) / max(1e-9, float(axis @ axis))
    off = float((nose - along * axis) @ between) / distance
    return math.degrees(math.atan2(off, _NOSE_DEPTH * distance))
