"""Minimum spanning forest: the shortest edges that connect what all edges connect."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pairs of nodes and how far they are apart; the lower node first."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    distance: NDArray[np.float64]

    @classmethod
    def none(cls) -> Self:
        """No edge."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    def __len__(self) -> int:
        return len(self.a)

    def __add__(self, other: "Edges") -> "Edges":
        return Edges(
            np.concatenate([self.a, other.a]),
            np.concatenate([self.b, other.b]),
            np.concatenate([self.distance, other.distance]),
        )

    @property
    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The three columns."""
        return self.a, self.b, self.distance

    def take(self, rows: NDArray[np.int64]) -> "Edges":
        """Some of them."""
        return Edges(self.a[rows], self.b[rows], self.distance[rows])

    def nearest_first(self) -> "Edges":
        """The same, sorted; among equals by their nodes."""
        return self.take(np.lexsort((self.b, self.a, self.distance)))


def spanning_forest(edges: Edges, nodes: int) -> Edges:
    """Fewer than ``nodes`` of the edges, which connect the same nodes over the shortest distances.

    Nearest first. A minimum spanning forest; which of equally long ones stay depends on
    their nodes, never on the order in which they are given.
    """
    return edges.take(spanning_forest_rows(edges, nodes))


def spanning_forest_rows(edges: Edges, nodes: int) -> NDArray[np.int64]:
    """Which of the edges :func:`spanning_forest` keeps, in its order."""
    if not len(edges):
        return np.empty(0, np.int64)
    order = np.lexsort((edges.b, edges.a, edges.distance))
    _, first = np.unique((edges.a * nodes + edges.b)[order], return_index=True)
    once = order[np.sort(first)]
    # Ranks stand for distances: they are never 0, which would be no edge, and never equal.
    rank = np.arange(1, len(once) + 1)
    graph = coo_array((rank, (edges.a[once], edges.b[once])), shape=(nodes, nodes))
    kept = np.sort(minimum_spanning_tree(graph.tocsr()).data).astype(np.int64)
    return np.asarray(once[kept - 1], np.int64)
