"""The sides of a split (train, test, val) and their shares of the faces."""

from enum import IntEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import SplitError
from deepfake_dataset.settings import SplitSettings


class Side(IntEnum):
    """Where a video may stand, by the code that arrays of sides hold."""

    ASIDE = -2
    """In no manifest: it would tie two sides."""
    FREE = -1
    """Not yet on a side."""
    TRAIN = 0
    TEST = 1
    VAL = 2

    @property
    def word(self) -> str:
        """As manifests are named."""
        return self.name.lower()


def side_named(word: str) -> Side | None:
    """The side that a manifest is named after."""
    return {side.word: side for side in Side if side >= 0}.get(word)


def shares_of(settings: SplitSettings, fixed_side: NDArray[np.int8]) -> tuple[Fraction, ...]:
    """The share of each side by its code.

    Raises SplitError where they do not add up, or a side that has videos would have none.
    """
    test, val = Fraction(str(settings.test_share)), Fraction(str(settings.val_share))
    train = 1 - test - val
    if train <= 0:
        raise SplitError(
            f"a test share of {settings.test_share:g} and a validation share of"
            f" {settings.val_share:g} leave nothing to train on",
            "the two must add up to less than 1",
        )
    if val:
        return train, test, val
    if kept := int((fixed_side == Side.VAL).sum()):
        raise SplitError(
            f"{kept} videos are in val since an earlier split, and no share is left for it",
            "give --val a share, or begin anew with --fresh",
        )
    return train, test
