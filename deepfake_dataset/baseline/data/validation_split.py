"""Holds back whole groups of faces for validation and for the test."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.examples import Examples


def hold_back_groups(
    examples: Examples, shares: Sequence[float], seed: int
) -> tuple[NDArray[np.int64], ...]:
    """Rows of parts that share no group: the rest first, then one for each share.

    In each class groups are shuffled and dealt until the part has its share of the class's
    faces. A group with faces of both classes goes where its first face says.
    """
    part = np.zeros(len(examples), np.int64)
    rng = np.random.default_rng(seed)
    groups, first, number = np.unique(examples.group, return_index=True, return_inverse=True)
    size = np.bincount(number)
    for label in (0, 1):
        mine = rng.permutation(np.flatnonzero(examples.label[first] == label))
        ends = np.cumsum(size[mine]) / max(1, size[mine].sum())
        bounds = np.cumsum(shares)
        # Groups lie in the part in which their middle falls, so that a large one is not
        # always the one too many.
        middles = ends - size[mine] / max(1, size[mine].sum()) / 2
        dealt = np.searchsorted(bounds, middles, side="right") + 1
        of_group = np.zeros(len(groups), np.int64)
        dealt = np.where(dealt > len(shares), 0, dealt)
        if len(mine) > len(shares) and not set(range(1, len(shares) + 1)) <= set(dealt.tolist()):
            dealt[: len(shares)] = np.arange(len(shares)) + 1  # few groups: one to each part
        of_group[mine] = dealt
        part = np.where(np.isin(number, mine), of_group[number], part)
    return tuple(np.flatnonzero(part == n) for n in range(len(shares) + 1))
