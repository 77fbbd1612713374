import cv2
import numpy as np
import pytest

from deepfake_dataset.review.hog_descriptor import SIDE, hog_descriptor

OPENCV = cv2.HOGDescriptor((SIDE, SIDE), (16, 16), (16, 16), (8, 8), 9)
NOISE = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
SLOPE = np.arange(SIDE * SIDE, dtype=np.int64).reshape(SIDE, SIDE)
PICTURES = {
    "noise": NOISE,
    "soft": cv2.GaussianBlur(NOISE, (0, 0), 4),
    "edge": np.repeat(np.uint8([[0, 255]]), SIDE // 2, axis=1).repeat(SIDE, axis=0),
    "slope": (SLOPE % SIDE * 3).astype(np.uint8),
    "nothing": np.full((SIDE, SIDE), 7, np.uint8),
}


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("turns", range(4))
def test_it_is_opencvs_own_but_for_the_last_bits(picture, turns):
    turned = np.ascontiguousarray(np.rot90(picture, turns))
    assert np.abs(hog_descriptor(turned) - OPENCV.compute(turned).ravel()).max() < 2e-6


def test_other_light_is_the_same_shape():
    picture = PICTURES["soft"] // 2
    assert np.abs(hog_descriptor(picture) - hog_descriptor(picture + 100)).max() < 1e-12
    assert np.abs(hog_descriptor(picture) - hog_descriptor(picture[::-1])).max() > 0.05
