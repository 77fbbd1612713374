"""The strongest links that hold together what a great many links hold together."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Pairs of nodes and how far they are apart; the lower node first."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    distance: NDArray[np.float64]

    @classmethod
    def none(cls) -> Self:
        """No link."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))

    def __len__(self) -> int:
        return len(self.a)

    def __add__(self, other: "Links") -> "Links":
        return Links(
            np.concatenate([self.a, other.a]),
            np.concatenate([self.b, other.b]),
            np.concatenate([self.distance, other.distance]),
        )

    @property
    def sides(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The three columns."""
        return self.a, self.b, self.distance

    def take(self, rows: NDArray[np.int64]) -> "Links":
        """Some of them."""
        return Links(self.a[rows], self.b[rows], self.distance[rows])

    def nearest_first(self) -> "Links":
        """The same, sorted; among equals by their nodes."""
        return self.take(np.lexsort((self.b, self.a, self.distance)))


def forest_of(links: Links, nodes: int) -> Links:
    """Fewer than ``nodes`` of the links, which join the same nodes over the shortest distances.

    Nearest first. A minimum spanning forest; which of equally long links stay depends on
    their nodes, never on the order in which they are given.
    """
    return links.take(forest_rows(links, nodes))


def forest_rows(links: Links, nodes: int) -> NDArray[np.int64]:
    """Which of the links :func:`forest_of` keeps, in its order."""
    if not len(links):
        return np.empty(0, np.int64)
    order = np.lexsort((links.b, links.a, links.distance))
    _, first = np.unique((links.a * nodes + links.b)[order], return_index=True)
    once = order[np.sort(first)]
    # Ranks stand for distances: they are never 0, which would be no link, and never equal.
    rank = np.arange(1, len(once) + 1)
    graph = coo_array((rank, (links.a[once], links.b[once])), shape=(nodes, nodes))
    kept = np.sort(minimum_spanning_tree(graph.tocsr()).data).astype(np.int64)
    return np.asarray(once[kept - 1], np.int64)
