"""Grows a split: videos keep the side that they have, new ones join them or are set aside.

Never moved is a video that has a side. A new one goes where its group is. One that would tie
two sides is set aside, it alone, so that the rest of what came with it is of use. Where videos
that have sides turn out to be tied among themselves (a given split that leaks, names that were
corrected), what is tied to the test set leaves the others: everything on that side that it was
grouped with, since it is unknown how far the leak goes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.links.video_groups import LinkGraph, Neighbours, connected_groups

_BY_RANK = (Side.TEST, Side.VAL, Side.TRAIN)
"""Whose videos stay where two sides are tied: a test set must stay what it was."""
_CLOSED = 3
"""Side of a key that nothing may join any more: it is of a part that was set aside."""


@dataclass(frozen=True, slots=True)
class CrossLink:
    """Why a video was set aside: a key that it shares with another side."""

    video: int
    key: int
    other: int
    """A video on another side that has the key too."""


@dataclass(frozen=True, slots=True, eq=False)
class GrownSplit:
    """Where videos stand before those without a side are given one."""

    side: NDArray[np.int8]
    """A side, :attr:`Side.FREE` or :attr:`Side.ASIDE`, of each video."""
    cross_links: tuple[CrossLink, ...]
    """One or two for each video aside."""


def grow_split(graph: LinkGraph, fixed_side: NDArray[np.int8]) -> GrownSplit:
    """Where all videos stand, given the sides that some have already; others are free."""
    key_sides = _KeySides(len(graph.keys))
    side = fixed_side.copy()
    cross_links = [*_part_fixed(graph, side, key_sides), *_place_new(graph, side, key_sides)]
    return GrownSplit(side, tuple(sorted(cross_links, key=lambda link: (link.video, link.key))))


class _KeySides:
    """For each key, the side that it belongs to, and a video there that has it."""

    def __init__(self, number: int) -> None:
        self.side = np.full(number, Side.FREE, np.int8)
        self.holder = np.full(number, -1, np.int64)

    def put(self, side: int, graph: LinkGraph, entries: NDArray[np.bool_]) -> None:
        """Give a side to keys that have none yet."""
        entries = entries & (self.side[graph.key] == Side.FREE)
        self.side[graph.key[entries]] = side
        self.holder[graph.key[entries]] = graph.video[entries]


def _part_fixed(graph: LinkGraph, side: NDArray[np.int8], key_sides: _KeySides) -> list[CrossLink]:
    part = _parts(graph, side)
    cross_links: list[CrossLink] = []
    closed = np.zeros(len(side), bool)
    for rank in _BY_RANK:
        here = side[graph.video] == rank
        tied = here & (key_sides.side[graph.key] != Side.FREE)
        leaving = np.isin(part, part[graph.video[tied]]) & (side == rank)
        cross_links += _links_of(graph, tied, key_sides)
        key_sides.put(rank, graph, here & ~leaving[graph.video])
        key_sides.put(_CLOSED, graph, here)
        closed |= leaving
    side[closed] = Side.ASIDE
    return cross_links


def _parts(graph: LinkGraph, side: NDArray[np.int8]) -> NDArray[np.int64]:
    """Groups among the videos of one side; a key counts on each side by itself."""
    fixed = side[graph.video] >= 0
    apart = graph.key[fixed] * len(_BY_RANK) + side[graph.video[fixed]]
    keys = [key for key in graph.keys for _ in _BY_RANK]
    return connected_groups(
        LinkGraph(keys, graph.video[fixed], apart, graph.role[fixed]), len(side)
    )


def _links_of(
    graph: LinkGraph, tied: NDArray[np.bool_], key_sides: _KeySides
) -> Iterator[CrossLink]:
    for video, key in zip(graph.video[tied].tolist(), graph.key[tied].tolist(), strict=True):
        yield CrossLink(video, key, int(key_sides.holder[key]))


def _place_new(graph: LinkGraph, side: NDArray[np.int8], key_sides: _KeySides) -> list[CrossLink]:
    new = side == Side.FREE
    among = graph.among(new)
    group = connected_groups(among, len(side))
    low, high = _range_of_sides(among, key_sides, group)
    one = new & (low[group] == high[group]) & (high[group] < _CLOSED)
    side[one] = high[group][one]
    between = np.flatnonzero(new & ~one & (high[group] >= 0))
    return _place_one_by_one(between.tolist(), among, side, key_sides)


def _range_of_sides(
    graph: LinkGraph, key_sides: _KeySides, group: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """The lowest and the highest side that each group meets; free where it meets none."""
    met = key_sides.side[graph.key]
    low = np.full(len(group), np.iinfo(np.int8).max, np.int8)
    high = np.full(len(group), Side.FREE, np.int8)
    taken = met >= 0
    np.minimum.at(low, group[graph.video[taken]], met[taken])
    np.maximum.at(high, group[graph.video[taken]], met[taken])
    return np.minimum(low, high), high


def _place_one_by_one(
    new: Sequence[int], graph: LinkGraph, side: NDArray[np.int8], key_sides: _KeySides
) -> list[CrossLink]:
    """Take each video, in order, that ties no two sides to what was taken before."""
    keys_of = Neighbours(graph.video, graph.key)
    cross_links: list[CrossLink] = []
    sets = _UnionFind(key_sides)
    for video in new:
        roots = {sets.root(key): key for key in reversed(keys_of.of(video))}
        met = {key_sides.side[root]: root for root in sorted(roots) if key_sides.side[root] >= 0}
        if len(met) > 1 or _CLOSED in met:
            side[video] = Side.ASIDE
            cross_links += [
                CrossLink(video, roots[root], int(key_sides.holder[root])) for root in met.values()
            ]
        else:
            sets.join(list(roots))
    for video in new:
        if side[video] == Side.FREE:
            side[video] = key_sides.side[sets.root(keys_of.of(video)[0])]
    return cross_links


class _UnionFind:
    """Keys that came to belong together; the root's side is that of all."""

    def __init__(self, key_sides: _KeySides) -> None:
        self._above: dict[int, int] = {}
        self._marks = key_sides

    def root(self, key: int) -> int:
        while (above := self._above.get(key, key)) != key:
            self._above[key] = self._above.get(above, above)
            key = above
        return key

    def join(self, roots: list[int]) -> None:
        """Merge sets; at most one of them has a side, or all have the same."""
        top = max(roots, key=lambda root: self._marks.side[root])
        for root in roots:
            self._above[root] = top
