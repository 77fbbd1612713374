"""Groups that have swallowed too much of a dataset, and the joins that hold them together."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.dataset.catalog.index import Count
from deepfake_dataset.split.links.must_link import Bonds, reason_of
from deepfake_dataset.split.links.reasons import Reason
from deepfake_dataset.split.video_table import Videos

TOO_LARGE = 0.2
"""Share of all videos from which on a group is reported: beyond it, no test set of the usual size
can be cut from the rest evenly."""
_SHOWN = 5
"""Links of a group, and videos of a link, that are reported: enough to judge by."""


@dataclass(frozen=True, slots=True)
class Link:
    """A join without which a group falls to pieces."""

    reason: Reason
    detail: str
    ids: tuple[str, ...]
    """Ids of the videos that it joins; the first few."""
    paths: tuple[str, ...]
    """Of the same videos."""
    joined: int
    """Videos that it joins."""
    largest: int
    """Videos in the largest piece without it."""

    @property
    def remedy(self) -> str:
        """The option that takes it out, where it is wrong."""
        if self.reason in (Reason.PERSON, Reason.DUPLICATE):
            return f"--cut {','.join(self.ids)}"
        return f"--positions {self.detail!r}"


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A group of more than a fifth of the videos."""

    group_id: str
    videos: int
    joins: tuple[Count, ...]
    """How many joins there are of each reason."""
    links: tuple[Link, ...]
    """Joins that hold it together, the weakest first: that whose pieces are smallest."""


def swallowed(videos: Videos, bonds: Bonds, group: NDArray[np.int64]) -> tuple[Swallowed, ...]:
    """The groups that are too large, the largest first; ``group`` as by :func:`groups_of`."""
    groups, sizes = np.unique(group, return_counts=True)
    large = np.flatnonzero(sizes > TOO_LARGE * len(videos))
    ordered = large[np.argsort(-sizes[large], kind="stable")]
    return tuple(
        _report(videos, bonds.among(group == groups[i]), int(groups[i]), int(sizes[i]))
        for i in ordered
        if sizes[i] > 1
    )


def _report(videos: Videos, bonds: Bonds, group: int, size: int) -> Swallowed:
    pieces = _largest_without(bonds, group, size)
    weakest = sorted(pieces, key=lambda key: (pieces[key], key))[:_SHOWN]
    starts = np.flatnonzero(np.diff(bonds.key, prepend=-1))
    reasons = Counter(
        _reason(videos, bonds, slice(*ends))
        for ends in zip(starts, [*starts[1:], len(bonds.key)], strict=True)
    )
    return Swallowed(
        group_id=videos.ids[group],
        videos=size,
        joins=tuple(Count(str(reason), reasons[reason]) for reason in sorted(reasons)),
        links=tuple(_link(videos, bonds, key, pieces[key]) for key in weakest),
    )


def _link(videos: Videos, bonds: Bonds, key: int, largest: int) -> Link:
    here = slice(*np.searchsorted(bonds.key, (key, key + 1)))
    holders = np.unique(bonds.video[here]).tolist()
    return Link(
        reason=_reason(videos, bonds, here),
        detail=bonds.keys[key].detail,
        ids=tuple(videos.ids[v] for v in holders[:_SHOWN]),
        paths=tuple(videos.paths[v] for v in holders[:_SHOWN]),
        joined=len(holders),
        largest=largest,
    )


def _reason(videos: Videos, bonds: Bonds, here: slice) -> Reason:
    real = videos.real[bonds.video[here]].tolist()
    holders = zip(bonds.role[here].tolist(), real, strict=True)
    return reason_of(bonds.keys[bonds.key[here.start]], holders)


def _largest_without(bonds: Bonds, start: int, size: int) -> dict[int, int]:
    """For each key that alone holds the group together: the largest piece without it, in videos.

    Keys are negative nodes here. They are the articulation points of the graph (Hopcroft and
    Tarjan 1973), found in one pass from a video: what hangs below a key and reaches nothing
    above it falls off with it.
    """
    near: dict[int, list[int]] = defaultdict(list)
    for video, key in zip(bonds.video.tolist(), bonds.key.tolist(), strict=True):
        near[video].append(~key)
        near[~key].append(video)
    order, low, below = {start: 0}, {start: 0}, {start: 1}
    falls: dict[int, list[int]] = defaultdict(list)
    path = [(start, iter(near[start]))]
    while path:
        node, rest = path[-1]
        for next_ in rest:
            if next_ not in order:
                order[next_] = low[next_] = len(order)
                below[next_] = int(next_ >= 0)
                path.append((next_, iter(near[next_])))
                break
            low[node] = min(low[node], order[next_])
        else:
            path.pop()
            if path:
                above = path[-1][0]
                low[above] = min(low[above], low[node])
                below[above] += below[node]
                if above < 0 and low[node] >= order[above]:
                    falls[above].append(below[node])
    return {~key: max([*fallen, size - sum(fallen)]) for key, fallen in falls.items()}
