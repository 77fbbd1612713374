"""Which tracks show the same person: embeddings to persons, persons to joins.

Two tracks are linked where their embeddings are less than :data:`NEAR` apart, and clusters
grow along the links, nearest first. A link is refused where the two clusters it would join
are, on the average over their tracks, further apart than :data:`ALIKE`: so that a chain of
lookalikes, each a little like the next, does not swallow a set. docs/audit.md has the figures.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.links.cannot_link import Cuts, Pairs
from deepfake_dataset.split.links.reasons import Join, Reason
from deepfake_dataset.split.links.spanning_forest import Links, forest_of
from deepfake_dataset.split.similarity.crop_reading import Tell, Unusable, quiet
from deepfake_dataset.split.similarity.face_embeddings import Tracks, Vectors, look_at_tracks

# Of the 4,005 pairs of 90 different people one is closer (0.495); were distances normal it
# would be one in 3,300 (benchmarks/people.py). One person in two shots can be 0.47
# apart. Joining two people costs some balance, parting one leaks.
NEAR = 0.5
# The distance at which the network was trained to part two people.
ALIKE = 0.6
_ROWS, _COLUMNS = 256, 4096
"""Of a block of distances: 4 MB, about what a core's cache holds."""
_DIRECTIONS = 48
"""They hold 96 % of what embeddings of real faces differ in; more cost more than they spare."""
_SLACK = 1e-3
"""Of squared distances in single precision; those that pass are computed again in double."""
_LINKS_HELD = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who is seen in each face of a table, and what follows for a split."""

    person: pa.Array
    """A name for the person of each face; empty where the face could not be looked at."""
    joins: tuple[Join, ...]
    """Videos that show the same person: the nearest links that join them all."""
    refused: int
    """Links that were not followed, as they would have chained people that are not alike."""
    unusable: tuple[Unusable, ...]
    """Crops that could not be looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Vectors that belong together."""

    of: NDArray[np.int64]
    """The first vector of each one's cluster; −1 for a vector that is not finite."""
    links: Links
    """What joined them, nearest first."""
    refused: int


def find_people(
    dataset: Dataset,
    faces: pa.Table,
    *,
    cuts: Pairs = (),
    workers: int | None = None,
    tell: Tell = quiet,
) -> People:
    """Who is seen in each face of a table with ``crop``, the landmarks and the crop's square.

    Videos of a pair in ``cuts`` are never linked to each other.
    """
    workers = workers or dataset.settings.run.worker_count
    return people_of(look_at_tracks(dataset, faces, workers=workers, tell=tell), cuts, workers)


def people_of(tracks: Tracks, cuts: Pairs = (), threads: int = 1) -> People:
    """A person is named after the first track that shows him: ``<video_id>-<track>``."""
    clusters = cluster(tracks.vectors, Cuts.between(tracks.video_ids, cuts).spare, threads)
    numbers = tracks.numbers.tolist()
    names = [f"{id_}-{n}" for id_, n in zip(tracks.video_ids, numbers, strict=True)]
    named = pa.array([*names, ""]).take(pa.array(clusters.of % (len(names) + 1)))
    return People(
        person=named.take(pa.array(tracks.of_face)),
        joins=tuple(_joins(tracks.video_ids, names, clusters.links)),
        refused=clusters.refused,
        unusable=tracks.unusable,
    )


def _joins(video_ids: Sequence[str], names: Sequence[str], links: Links) -> Iterator[Join]:
    seen = set()
    for a, b, distance in zip(*(side.tolist() for side in links.sides), strict=True):
        videos = video_ids[a], video_ids[b]
        if videos[0] != videos[1] and videos not in seen:
            seen.add(videos)
            detail = f"tracks {names[a]} and {names[b]} are {distance:.3f} apart"
            yield Join(*videos, Reason.PERSON, detail)


Spare = Callable[[Links], Links]


def cluster(vectors: Vectors, spare: Spare = lambda links: links, threads: int = 1) -> Clusters:
    """Clusters of (n, d) vectors; the same whatever the number of threads.

    ``spare`` leaves out links that are not to be.
    """
    sound = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    tree = near_links(vectors, sound, spare, threads)
    of, joined = _follow(vectors.astype(np.float64), tree)
    of[~np.isfinite(vectors).all(axis=1)] = -1
    return Clusters(of, tree.take(np.flatnonzero(joined)), int((~joined).sum()))


def _follow(
    vectors: NDArray[np.float64], tree: Links
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first member of each vector's cluster, and which links were followed."""
    parent = np.arange(len(vectors))
    total, size = vectors.copy(), np.ones(len(vectors))
    square = (vectors**2).sum(axis=1)
    followed = np.zeros(len(tree), np.bool_)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for i, (a, b) in enumerate(zip(tree.a.tolist(), tree.b.tolist(), strict=True)):
        one, other = sorted((root(a), root(b)))
        between = square[one] / size[one] + square[other] / size[other]
        between -= 2 * (total[one] @ total[other]) / (size[one] * size[other])
        if between <= ALIKE**2:
            followed[i] = True
            parent[other] = one
            for sum_ in (total, size, square):
                sum_[one] += sum_[other]
    return np.array([root(node) for node in range(len(vectors))], np.int64), followed


def near_links(vectors: Vectors, sound: NDArray[np.int64], spare: Spare, threads: int) -> Links:
    """Links between ``sound`` vectors less than :data:`NEAR` apart, thinned to a forest.

    Every pair is looked at. A pair's distance in a few directions is no longer than its whole
    distance, so that most pairs are done with after the 48 directions in which the vectors
    differ most.
    """
    links = Links.none()
    if not len(sound):
        return links
    factors = _factors(vectors[sound])

    def found_from(start: int) -> Links:
        a, b = _perhaps_near(*factors, start)
        return spare(_truly_near(vectors, sound[a], sound[b]))

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for found in pool.map(found_from, range(0, len(sound), _ROWS)):
            links += found
            if len(links) > _LINKS_HELD:
                links = forest_of(links, len(vectors))
    return forest_of(links, len(vectors))


def _factors(vectors: Vectors) -> tuple[Vectors, Vectors]:
    """Two times (n, 50): a product of their rows is positive where two vectors may be near.

    x·y − |y|²/2 − |x|²/2 is −|x − y|²/2, so that one product of matrices compares all.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    flat = centred @ directions[:, -_DIRECTIONS:]
    half = (flat**2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(half)
    left = np.hstack([flat, ones, (NEAR**2 + _SLACK) / 2 - half])
    return left, np.hstack([flat, -half, ones])


def _perhaps_near(
    left: Vectors, right: Vectors, start: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of some vectors and those after them."""
    these = left[start : start + _ROWS]
    found = []
    for first in range(start, len(right), _COLUMNS):
        others = right[first : first + _COLUMNS]
        hits = np.flatnonzero((these @ others.T).ravel() > 0)
        found.append((start + hits // len(others), first + hits % len(others)))
    a, b = (np.concatenate(side) for side in zip(*found, strict=True))
    return a[a < b], b[a < b]


def _truly_near(vectors: Vectors, a: NDArray[np.int64], b: NDArray[np.int64]) -> Links:
    distance = np.sqrt(((vectors[a].astype(np.float64) - vectors[b]) ** 2).sum(axis=1)).round(6)
    near = distance < NEAR
    return Links(a[near], b[near], distance[near])
