"""Sides that were given before stay; new videos join them, or are set aside.

Never moved is a video that has a side. A new one goes where its group is. One that would tie
two sides is set aside, it alone, so that the rest of what came with it is of use. Where videos
that have sides turn out to be tied among themselves (a pinned split that leaks, names that were
corrected), what is tied to the test set leaves the others: everything on that side that it was
grouped with, since it is unknown how far the leak goes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.split.assignment.sides import Side
from deepfake_dataset.split.links.must_link import Bonds, Index, groups_of

_BY_RANK = (Side.TEST, Side.VAL, Side.TRAIN)
"""Whose videos stay where two sides are tied: a test set must stay what it was."""
_CLOSED = 3
"""Mark of a key that nothing may join any more: it is of a part that was set aside."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Why a video was set aside: a key that it shares with another side."""

    video: int
    key: int
    other: int
    """A video on another side that has the key too."""


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Where videos stand before those without a side are given one."""

    side: NDArray[np.int8]
    """A side, :attr:`Side.FREE` or :attr:`Side.ASIDE`, of each video."""
    ties: tuple[Tie, ...]
    """One or two for each video aside."""


def settle(bonds: Bonds, held: NDArray[np.int8]) -> Settled:
    """Where all videos stand, given the sides that some have already; others are free."""
    marks = _Marks(len(bonds.keys))
    side = held.copy()
    ties = [*_part_the_held(bonds, side, marks), *_place_the_new(bonds, side, marks)]
    return Settled(side, tuple(sorted(ties, key=lambda tie: (tie.video, tie.key))))


class _Marks:
    """For each key, the side that it belongs to, and a video there that has it."""

    def __init__(self, number: int) -> None:
        self.side = np.full(number, Side.FREE, np.int8)
        self.holder = np.full(number, -1, np.int64)

    def put(self, side: int, bonds: Bonds, entries: NDArray[np.bool_]) -> None:
        """Mark keys that are free still."""
        entries = entries & (self.side[bonds.key] == Side.FREE)
        self.side[bonds.key[entries]] = side
        self.holder[bonds.key[entries]] = bonds.video[entries]


def _part_the_held(bonds: Bonds, side: NDArray[np.int8], marks: _Marks) -> list[Tie]:
    part = _parts(bonds, side)
    ties: list[Tie] = []
    closed = np.zeros(len(side), bool)
    for rank in _BY_RANK:
        here = side[bonds.video] == rank
        tied = here & (marks.side[bonds.key] != Side.FREE)
        leaving = np.isin(part, part[bonds.video[tied]]) & (side == rank)
        ties += _ties(bonds, tied, marks)
        marks.put(rank, bonds, here & ~leaving[bonds.video])
        marks.put(_CLOSED, bonds, here)
        closed |= leaving
    side[closed] = Side.ASIDE
    return ties


def _parts(bonds: Bonds, side: NDArray[np.int8]) -> NDArray[np.int64]:
    """Groups among the videos of one side; a key counts on each side by itself."""
    held = side[bonds.video] >= 0
    apart = bonds.key[held] * len(_BY_RANK) + side[bonds.video[held]]
    keys = [key for key in bonds.keys for _ in _BY_RANK]
    return groups_of(Bonds(keys, bonds.video[held], apart, bonds.role[held]), len(side))


def _ties(bonds: Bonds, tied: NDArray[np.bool_], marks: _Marks) -> Iterator[Tie]:
    for video, key in zip(bonds.video[tied].tolist(), bonds.key[tied].tolist(), strict=True):
        yield Tie(video, key, int(marks.holder[key]))


def _place_the_new(bonds: Bonds, side: NDArray[np.int8], marks: _Marks) -> list[Tie]:
    new = side == Side.FREE
    among = bonds.among(new)
    group = groups_of(among, len(side))
    low, high = _range_of_marks(among, marks, group)
    one = new & (low[group] == high[group]) & (high[group] < _CLOSED)
    side[one] = high[group][one]
    between = np.flatnonzero(new & ~one & (high[group] >= 0))
    return _place_one_by_one(between.tolist(), among, side, marks)


def _range_of_marks(
    bonds: Bonds, marks: _Marks, group: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The lowest and the highest mark that each group meets; free where it meets none."""
    met = marks.side[bonds.key]
    low = np.full(len(group), np.iinfo(np.int8).max, np.int8)
    high = np.full(len(group), Side.FREE, np.int8)
    marked = met >= 0
    np.minimum.at(low, group[bonds.video[marked]], met[marked])
    np.maximum.at(high, group[bonds.video[marked]], met[marked])
    return np.minimum(low, high), high


def _place_one_by_one(
    new: Sequence[int], bonds: Bonds, side: NDArray[np.int8], marks: _Marks
) -> list[Tie]:
    """Take each video, in order, that ties no two sides to what was taken before."""
    keys_of = Index(bonds.video, bonds.key)
    ties: list[Tie] = []
    above = _Unions(marks)
    for video in new:
        roots = {above.root(key): key for key in reversed(keys_of.of(video))}
        met = {marks.side[root]: root for root in sorted(roots) if marks.side[root] >= 0}
        if len(met) > 1 or _CLOSED in met:
            side[video] = Side.ASIDE
            ties += [Tie(video, roots[root], int(marks.holder[root])) for root in met.values()]
        else:
            above.join(list(roots))
    for video in new:
        if side[video] == Side.FREE:
            side[video] = marks.side[above.root(keys_of.of(video)[0])]
    return ties


class _Unions:
    """Keys that came to belong together; the root's mark is that of all."""

    def __init__(self, marks: _Marks) -> None:
        self._above: dict[int, int] = {}
        self._marks = marks

    def root(self, key: int) -> int:
        while (above := self._above.get(key, key)) != key:
            self._above[key] = self._above.get(above, above)
            key = above
        return key

    def join(self, roots: list[int]) -> None:
        """At most one of them is marked, or all alike."""
        top = max(roots, key=lambda root: self._marks.side[root])
        for root in roots:
            self._above[root] = top
