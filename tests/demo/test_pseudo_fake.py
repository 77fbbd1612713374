import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfake_dataset.demo.photo_landmarks import find_photo_landmarks
from deepfake_dataset.demo.photos import COLLINS, load_photo
from deepfake_dataset.demo.pseudo_fake import make_pseudo_fake

PHOTO = load_photo(COLLINS)
LANDMARKS = find_photo_landmarks(PHOTO, COLLINS.face)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_forgery_changes_the_face_and_nothing_else(seed: int) -> None:
    forged = make_pseudo_fake(PHOTO, LANDMARKS, seed)
    changed = (forged.image != PHOTO).any(axis=2)
    assert not changed[forged.mask == 0].any()
    assert changed[forged.mask > 0.5].mean() > 0.9
    assert 0 <= forged.mask.min() < forged.mask.max() <= 1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_mask_fills_the_face_but_never_leaves_it(seed: int) -> None:
    mask = make_pseudo_fake(PHOTO, LANDMARKS, seed).mask
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(LANDMARKS.round().astype(np.int32)), 1)
    assert not mask[hull == 0].any()
    assert (mask > 0).sum() > 0.7 * hull.sum()


def test_a_forgery_is_subtle() -> None:
    forged = make_pseudo_fake(PHOTO, LANDMARKS, 1)
    inside = forged.mask > 0.5
    shift = forged.image[inside].astype(float).mean(axis=0) - PHOTO[inside].mean(axis=0)
    assert np.abs(shift).max() < 40


def test_a_seed_decides_the_forgery() -> None:
    first, again, other = (make_pseudo_fake(PHOTO, LANDMARKS, seed).image for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
