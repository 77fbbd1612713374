"""Groups of videos that no split may part: connected components of videos and what they share.

A graph of two kinds of nodes, videos and what they share. A name that a thousand videos share
is one node with a thousand edges, not half a million pairs of videos; taking the node out shows
what hangs on that name alone.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from deepfake_dataset.split.links.must_link import MustLink, Role, SharedKey
from deepfake_dataset.split.links.shared_names import Members, shared_names
from deepfake_dataset.split.video_table import VideoTable


@dataclass(frozen=True, slots=True, eq=False)
class LinkGraph:
    """One edge a video and key: ``video[i]`` has ``key[i]`` as ``role[i]``; sorted by key."""

    keys: list[SharedKey]
    video: NDArray[np.int64]
    key: NDArray[np.int64]
    role: NDArray[np.int8]

    def among(self, chosen: NDArray[np.bool_]) -> Self:
        """The edges of some of the videos; keys stay, whoever has them."""
        keep = chosen[self.video]
        return type(self)(self.keys, self.video[keep], self.key[keep], self.role[keep])


def link_graph(
    videos: VideoTable,
    links: Iterable[MustLink],
    *,
    positions: Collection[str] = (),
) -> LinkGraph:
    """All that ties videos together: names, and the links that were found in the pictures.

    ``positions`` are names, or patterns of them, that are not people's.
    """
    keys: list[SharedKey] = []
    rows: list[tuple[int, int, int]] = []
    for key, members in (*shared_names(videos, positions), *_shared_pictures(videos, links)):
        rows += [(video, len(keys), role) for video, role in members]
        keys.append(key)
    table = np.array(rows, np.int64).reshape(-1, 3)
    return LinkGraph(keys, table[:, 0], table[:, 1], table[:, 2].astype(np.int8))


def _shared_pictures(
    videos: VideoTable, links: Iterable[MustLink]
) -> Iterator[tuple[SharedKey, Members]]:
    at = videos.positions()
    for link in sorted(links, key=lambda each: (each.reason, each.a, each.b, each.detail)):
        if link.a in at and link.b in at:
            pair = [(at[link.a], Role.PICTURES), (at[link.b], Role.PICTURES)]
            yield SharedKey(link.detail, link.reason), pair


def connected_groups(graph: LinkGraph, number: int) -> NDArray[np.int64]:
    """The group of each of so many videos: the position of its first video."""
    nodes = number + len(graph.keys)
    edges = (np.ones(len(graph.video), np.int8), (graph.video, number + graph.key))
    _, found = connected_components(coo_array(edges, shape=(nodes, nodes)), directed=False)
    _, first, inverse = np.unique(found[:number], return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)


class Neighbours:
    """The nodes on the other end of a node's edges, found without a pass over all edges."""

    def __init__(self, nodes: NDArray[np.int64], others: NDArray[np.int64]) -> None:
        order = np.argsort(nodes, kind="stable")
        self._nodes, self._others = nodes[order], others[order]

    def of(self, node: int) -> list[int]:
        """What one node is connected with, in the order of the edges."""
        first, last = np.searchsorted(self._nodes, (node, node + 1))
        others: list[int] = self._others[first:last].tolist()
        return others
