from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.faces.alignment import Anchors
from deepfake_dataset.faces.crop_measures import sharpness, yaw_deg

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def luma(astronaut: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(astronaut[40:296, 90:346], cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def anchors(nose_right: float = 0.0, turn_deg: float = 0.0, size: float = 60.0) -> Anchors:
    """A face whose nose has moved right by a share of the distance between the eyes."""
    turn = np.radians(turn_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    right, left, mouth, center = (
        size * rotation @ np.array(place)
        for place in ((-0.5, 0.0), (0.5, 0.0), (0.0, 1.1), (nose_right, 0.45))
    )
    return Anchors(right, left, mouth, center)


def test_blur_lowers_sharpness_step_by_step(luma: Picture) -> None:
    blurs = [0.5, 1.0, 2.0, 4.0, 8.0]
    values = [sharpness(luma)] + [
        sharpness(np.asarray(cv2.GaussianBlur(luma, (0, 0), b), dtype=np.uint8)) for b in blurs
    ]
    assert all(sharper > softer for sharper, softer in pairwise(values))
    assert values[-1] < 0.05 * values[0]


def test_an_even_crop_has_no_sharpness() -> None:
    assert sharpness(np.full((256, 256), 77, np.uint8)) == 0


def test_sharpness_is_the_variance_of_the_laplacian(luma: Picture) -> None:
    assert sharpness(luma) == pytest.approx(float(cv2.Laplacian(luma, cv2.CV_64F).var()), rel=1e-6)


def test_sharpness_is_taken_at_one_size_so_that_crops_compare(luma: Picture) -> None:
    soft = cv2.GaussianBlur(luma, (0, 0), 4)
    larger = cv2.resize(soft, (512, 512), interpolation=cv2.INTER_CUBIC)
    assert sharpness(np.asarray(larger, dtype=np.uint8)) == pytest.approx(
        sharpness(np.asarray(soft, dtype=np.uint8)), rel=0.25
    )


def test_a_face_that_looks_ahead_has_no_yaw() -> None:
    assert yaw_deg(anchors()) == pytest.approx(0)


def test_a_nose_moved_to_the_picture_s_right_is_a_positive_yaw() -> None:
    assert yaw_deg(anchors(0.2)) > 10
    assert yaw_deg(anchors(-0.2)) < -10


@given(
    nose=st.floats(-0.6, 0.6),
    turn=st.floats(-180, 180),
    size=st.floats(1, 1000),
)
def test_yaw_does_not_depend_on_the_roll_and_size_of_the_face(
    nose: float, turn: float, size: float
) -> None:
    assert yaw_deg(anchors(nose, turn, size)) == pytest.approx(yaw_deg(anchors(nose)), abs=1e-6)


@given(st.floats(0, 0.6))
def test_yaw_is_symmetrical_and_grows_with_the_nose_s_way(nose: float) -> None:
    assert yaw_deg(anchors(nose)) == pytest.approx(-yaw_deg(anchors(-nose)))
    assert yaw_deg(anchors(nose)) <= yaw_deg(anchors(nose + 0.01))


def test_eyes_in_one_place_have_no_yaw() -> None:
    here = np.array([5.0, 5.0])
    assert yaw_deg(Anchors(here, here, np.array([5.0, 9.0]), np.array([6.0, 7.0]))) == 0
