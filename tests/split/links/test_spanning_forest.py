import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from deepfake_dataset.split.links.spanning_forest import Edges, spanning_forest

NODES = 8
a_link = st.tuples(st.integers(0, NODES - 2), st.integers(1, NODES - 1), st.integers(0, 4)).filter(
    lambda link: link[0] < link[1]
)


def _links(rows: list[tuple[int, int, int]]) -> Edges:
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Edges(table[:, 0], table[:, 1], table[:, 2].astype(float))


def _parts(links: Edges) -> list[int]:
    graph = coo_array((np.ones(len(links)), (links.a, links.b)), shape=(NODES, NODES))
    found: list[int] = connected_components(graph, directed=False)[1].tolist()
    return found


@given(st.lists(a_link, max_size=30))
def test_a_forest_joins_what_all_links_join_without_a_circle(
    rows: list[tuple[int, int, int]],
) -> None:
    links = _links(rows)
    forest = spanning_forest(links, NODES)
    assert _parts(forest) == _parts(links)
    assert len(forest) == NODES - len(set(_parts(links)))
    assert forest.distance.tolist() == sorted(forest.distance.tolist())


@given(st.lists(a_link, min_size=1, max_size=30))
def test_every_part_is_joined_up_to_a_distance_as_by_all_links(
    rows: list[tuple[int, int, int]],
) -> None:
    links = _links(rows)
    forest = spanning_forest(links, NODES)
    for distance in range(5):
        near = links.take(np.flatnonzero(links.distance <= distance))
        kept = forest.take(np.flatnonzero(forest.distance <= distance))
        assert _parts(kept) == _parts(near)


@given(st.lists(a_link, max_size=20), st.randoms(use_true_random=False))
def test_the_order_in_which_links_are_given_does_not_matter(
    rows: list[tuple[int, int, int]], random: object
) -> None:
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, two = spanning_forest(_links(rows), NODES), spanning_forest(_links(mixed), NODES)
    for side, other in zip(one.columns, two.columns, strict=True):
        assert np.array_equal(side, other)
