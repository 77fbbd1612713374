"""Oversized groups: too large a share of all videos, and the links that hold them together."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.dataset.catalog.index import Count
from deepfake_dataset.split.links.must_link import LinkReason, link_reason
from deepfake_dataset.split.links.video_groups import LinkGraph
from deepfake_dataset.split.video_table import VideoTable

OVERSIZED_SHARE = 0.2
"""Share of all videos from which on a group is reported: beyond it, no test set of the usual size
can be cut from the rest evenly."""
_SHOWN = 5
"""Links of a group, and videos of a link, that are reported: enough to judge by."""


@dataclass(frozen=True, slots=True)
class BridgeLink:
    """A link without which a group falls to pieces."""

    reason: LinkReason
    detail: str
    ids: tuple[str, ...]
    """Ids of the videos that it ties together; the first few."""
    paths: tuple[str, ...]
    """Of the same videos."""
    joined: int
    """Videos that it ties together."""
    largest: int
    """Videos in the largest piece without it."""

    @property
    def remedy(self) -> str:
        """The option that takes it out, where it is wrong."""
        if self.reason in (LinkReason.PERSON, LinkReason.DUPLICATE):
            return f"--cut {','.join(self.ids)}"
        return f"--positions {self.detail!r}"


@dataclass(frozen=True, slots=True)
class OversizedGroup:
    """A group of more than a fifth of the videos."""

    group_id: str
    videos: int
    joins: tuple[Count, ...]
    """How many links there are of each reason."""
    links: tuple[BridgeLink, ...]
    """Links that hold it together, the weakest first: that whose pieces are smallest."""


def oversized_groups(
    videos: VideoTable, graph: LinkGraph, group: NDArray[np.int64]
) -> tuple[OversizedGroup, ...]:
    """Groups that are too large, the largest first; ``group`` as by :func:`connected_groups`."""
    groups, sizes = np.unique(group, return_counts=True)
    large = np.flatnonzero(sizes > OVERSIZED_SHARE * len(videos))
    ordered = large[np.argsort(-sizes[large], kind="stable")]
    return tuple(
        _report(videos, graph.among(group == groups[i]), int(groups[i]), int(sizes[i]))
        for i in ordered
        if sizes[i] > 1
    )


def _report(videos: VideoTable, graph: LinkGraph, group: int, size: int) -> OversizedGroup:
    pieces = _largest_without(graph, group, size)
    weakest = sorted(pieces, key=lambda key: (pieces[key], key))[:_SHOWN]
    starts = np.flatnonzero(np.diff(graph.key, prepend=-1))
    reasons = Counter(
        _reason(videos, graph, slice(*ends))
        for ends in zip(starts, [*starts[1:], len(graph.key)], strict=True)
    )
    return OversizedGroup(
        group_id=videos.ids[group],
        videos=size,
        joins=tuple(Count(str(reason), reasons[reason]) for reason in sorted(reasons)),
        links=tuple(_bridge_link(videos, graph, key, pieces[key]) for key in weakest),
    )


def _bridge_link(videos: VideoTable, graph: LinkGraph, key: int, largest: int) -> BridgeLink:
    here = slice(*np.searchsorted(graph.key, (key, key + 1)))
    holders = np.unique(graph.video[here]).tolist()
    return BridgeLink(
        reason=_reason(videos, graph, here),
        detail=graph.keys[key].detail,
        ids=tuple(videos.ids[v] for v in holders[:_SHOWN]),
        paths=tuple(videos.paths[v] for v in holders[:_SHOWN]),
        joined=len(holders),
        largest=largest,
    )


def _reason(videos: VideoTable, graph: LinkGraph, here: slice) -> LinkReason:
    real = videos.real[graph.video[here]].tolist()
    holders = zip(graph.role[here].tolist(), real, strict=True)
    return link_reason(graph.keys[graph.key[here.start]], holders)


def _largest_without(graph: LinkGraph, start: int, size: int) -> dict[int, int]:
    """For each key that alone holds the group together: the largest piece without it, in videos.

    Keys are negative nodes here. They are the articulation points of the graph (Hopcroft and
    Tarjan 1973), found in one pass from a video: what hangs below a key and reaches nothing
    above it falls off with it.
    """
    near: dict[int, list[int]] = defaultdict(list)
    for video, key in zip(graph.video.tolist(), graph.key.tolist(), strict=True):
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
