from fractions import Fraction

import numpy as np
import pytest

from deepfake_dataset.errors import SplitError
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.sides_and_shares import Side, shares_of, side_named

FREE = np.full(3, Side.FREE, np.int8)


def test_shares_stand_at_the_codes_of_their_sides():
    shares = shares_of(SplitSettings(test_share=0.2, val_share=0.1), FREE)
    assert (shares[Side.TRAIN], shares[Side.TEST], shares[Side.VAL]) == (
        Fraction(7, 10),
        Fraction(1, 5),
        Fraction(1, 10),
    )


def test_without_validation_there_are_two_sides():
    assert shares_of(SplitSettings(test_share=0.25, val_share=0), FREE) == (
        Fraction(3, 4),
        Fraction(1, 4),
    )


@pytest.mark.parametrize(("test", "val"), [(0.5, 0.5), (0.9, 0.2)])
def test_something_must_be_left_to_train_on(test, val):
    with pytest.raises(SplitError, match="nothing to train on"):
        shares_of(SplitSettings(test_share=test, val_share=val), FREE)


def test_a_side_that_has_videos_needs_a_share():
    held = np.array([Side.TRAIN, Side.VAL, Side.VAL], np.int8)
    with pytest.raises(SplitError, match="2 videos are in val"):
        shares_of(SplitSettings(val_share=0), held)


def test_sides_are_named_as_their_manifests():
    assert [side_named(word) for word in ("train", "test", "val")] == [
        Side.TRAIN,
        Side.TEST,
        Side.VAL,
    ]
    assert side_named("free") is side_named("TRAIN") is side_named("") is None
