import math

import cv2
import numpy as np
import pytest
from skimage import data

from deepfake_dataset.faces.crop_recheck import recheck_crop

CENTER, SIDE = (223, 118), 130
"""Of the astronaut's face, and the side of its crop, in pixels of the photograph."""


def _crop(shift=0.0, scale=1.0, turn=0.0):
    photo = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    matrix = cv2.getRotationMatrix2D(CENTER, turn, 256 / SIDE * scale)
    matrix[:, 2] += 128 - np.array(CENTER) + [shift * 256, 0]
    return cv2.warpAffine(photo, matrix, (256, 256), borderMode=cv2.BORDER_REFLECT_101)


def test_a_face_that_lies_right_is_seen_in_the_middle():
    score, x, y, side, turn, eyes_x, eyes_y, apart = recheck_crop(_crop(), 1.3)
    assert score > 0.5
    assert max(abs(x), abs(y)) < 0.15
    assert 0.8 < side < 1.2
    assert abs(turn) < 12
    assert abs(eyes_x) < 0.12
    assert -0.3 < eyes_y < -0.1
    assert 0.3 < apart < 0.5


def test_a_face_that_lies_beside_is_seen_beside():
    there, beside = recheck_crop(_crop(), 1.3), recheck_crop(_crop(shift=0.2), 1.3)
    assert beside[1] - there[1] == pytest.approx(0.2 * 1.3, abs=0.12)


def test_a_turned_face_is_seen_turned():
    there, turned = recheck_crop(_crop(), 1.3), recheck_crop(_crop(turn=-20), 1.3)
    assert turned[4] - there[4] == pytest.approx(20, abs=8)


def test_no_face_is_seen_where_there_is_none():
    grain = np.random.default_rng(0).integers(0, 255, (256, 256), np.uint8)
    look = recheck_crop(grain, 1.3)
    assert all(math.isnan(number) for number in look[:4])
    assert np.isfinite(look[4:]).all()


def test_the_crops_own_size_does_not_matter():
    large, small = recheck_crop(_crop(), 1.3), recheck_crop(cv2.resize(_crop(), (128, 128)), 1.3)
    assert large[1:4] == pytest.approx(small[1:4], abs=0.1)
