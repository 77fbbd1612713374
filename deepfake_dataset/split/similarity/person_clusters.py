"""Clusters face embeddings into persons, with the distance up to which two tracks are one person.

Two tracks are linked where their embeddings are less than :data:`SAME_PERSON_DISTANCE` apart, and
clusters grow along the links, nearest first. A link is refused where the two clusters it would
join are, on the average over their tracks, further apart than :data:`SAME_CLUSTER_DISTANCE`: so
that a chain of lookalikes, each a little like the next, does not swallow a set. docs/audit.md has
the figures.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.links.cannot_link import CannotLinks, VideoPair
from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.links.spanning_forest import Edges, spanning_forest
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.split.similarity.face_embeddings import (
    EmbeddingNetwork,
    Embeddings,
    TrackEmbeddings,
    embed_tracks,
)
from deepfake_dataset.split.similarity.read_crop import UnusableCrop

# Of the 4,005 pairs of 90 different people one is closer (0.495); were distances normal it
# would be one in 3,300 (benchmarks/people.py). One person in two shots can be 0.47
# apart. Joining two people costs some balance, parting one leaks.
SAME_PERSON_DISTANCE = 0.5
# The distance at which the network was trained to part two people.
SAME_CLUSTER_DISTANCE = 0.6
_ROWS, _COLUMNS = 256, 4096
"""Of a block of distances: 4 MB, about what a core's cache holds."""
_DIRECTIONS = 48
"""They hold 96 % of what embeddings of real faces differ in; more cost more than they spare."""
_SLACK = 1e-3
"""Of squared distances in single precision; those that pass are computed again in double."""
_MOST_EDGES = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class FoundPeople:
    """Who is seen in each face of a table, and what follows for a split."""

    person: pa.Array
    """A name for the person of each face; empty where the face could not be embedded."""
    links: tuple[MustLink, ...]
    """Videos that show the same person: the nearest links that connect them all."""
    refused: int
    """Links that were not followed, as they would have chained people that are not alike."""
    unusable: tuple[UnusableCrop, ...]
    """Crops that could not be embedded."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Vectors that belong together."""

    of: NDArray[np.int64]
    """The first vector of each one's cluster; −1 for a vector that is not finite."""
    edges: Edges
    """What they were merged along, nearest first."""
    refused: int


def find_people(
    dataset: Dataset,
    faces: pa.Table,
    network: EmbeddingNetwork,
    *,
    cannot_links: Collection[VideoPair] = (),
    workers: int | None = None,
    on_progress: OnProgress = no_progress,
) -> FoundPeople:
    """Who is seen in each face of a table with ``crop``, the landmarks and the crop's square.

    Videos of a pair in ``cannot_links`` are never linked to each other.
    """
    workers = workers or dataset.settings.run.worker_count
    tracks = embed_tracks(dataset, faces, network, workers=workers, on_progress=on_progress)
    return people_of(tracks, cannot_links, workers)


def people_of(
    tracks: TrackEmbeddings, cannot_links: Collection[VideoPair] = (), threads: int = 1
) -> FoundPeople:
    """A person is named after the first track that shows him: ``<video_id>-<track>``."""
    forbidden = CannotLinks.between(tracks.video_ids, cannot_links)
    clusters = cluster_embeddings(tracks.vectors, forbidden.allowed, threads)
    numbers = tracks.numbers.tolist()
    names = [f"{id_}-{n}" for id_, n in zip(tracks.video_ids, numbers, strict=True)]
    named = pa.array([*names, ""]).take(pa.array(clusters.of % (len(names) + 1)))
    return FoundPeople(
        person=named.take(pa.array(tracks.of_face)),
        links=tuple(_person_links(tracks.video_ids, names, clusters.edges)),
        refused=clusters.refused,
        unusable=tracks.unusable,
    )


def _person_links(
    video_ids: Sequence[str], names: Sequence[str], edges: Edges
) -> Iterator[MustLink]:
    seen = set()
    for a, b, distance in zip(*(column.tolist() for column in edges.columns), strict=True):
        videos = video_ids[a], video_ids[b]
        if videos[0] != videos[1] and videos not in seen:
            seen.add(videos)
            detail = f"tracks {names[a]} and {names[b]} are {distance:.3f} apart"
            yield MustLink(*videos, LinkReason.PERSON, detail)


Allowed = Callable[[Edges], Edges]


def cluster_embeddings(
    vectors: Embeddings, allowed: Allowed = lambda edges: edges, threads: int = 1
) -> Clusters:
    """Clusters of (n, d) vectors; the same whatever the number of threads.

    ``allowed`` leaves out edges that are not to be.
    """
    sound = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    forest = near_edges(vectors, sound, allowed, threads)
    of, merged = _merge_clusters(vectors.astype(np.float64), forest)
    of[~np.isfinite(vectors).all(axis=1)] = -1
    return Clusters(of, forest.take(np.flatnonzero(merged)), int((~merged).sum()))


def _merge_clusters(
    vectors: NDArray[np.float64], forest: Edges
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The first member of each vector's cluster, and along which edges clusters were merged."""
    parent = np.arange(len(vectors))
    total, size = vectors.copy(), np.ones(len(vectors))
    square = (vectors**2).sum(axis=1)
    merged = np.zeros(len(forest), np.bool_)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for i, (a, b) in enumerate(zip(forest.a.tolist(), forest.b.tolist(), strict=True)):
        one, other = sorted((root(a), root(b)))
        between = square[one] / size[one] + square[other] / size[other]
        between -= 2 * (total[one] @ total[other]) / (size[one] * size[other])
        if between <= SAME_CLUSTER_DISTANCE**2:
            merged[i] = True
            parent[other] = one
            for sum_ in (total, size, square):
                sum_[one] += sum_[other]
    return np.array([root(node) for node in range(len(vectors))], np.int64), merged


def near_edges(
    vectors: Embeddings, sound: NDArray[np.int64], allowed: Allowed, threads: int
) -> Edges:
    """Edges between ``sound`` vectors of one person's distance, thinned to a spanning forest.

    Every pair is looked at. A pair's distance in a few directions is no longer than its whole
    distance, so that most pairs are done with after the 48 directions in which the vectors
    differ most.
    """
    edges = Edges.none()
    if not len(sound):
        return edges
    factors = _factors(vectors[sound])

    def found_from(start: int) -> Edges:
        a, b = _perhaps_near(*factors, start)
        return allowed(_truly_near(vectors, sound[a], sound[b]))

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for found in pool.map(found_from, range(0, len(sound), _ROWS)):
            edges += found
            if len(edges) > _MOST_EDGES:
                edges = spanning_forest(edges, len(vectors))
    return spanning_forest(edges, len(vectors))


def _factors(vectors: Embeddings) -> tuple[Embeddings, Embeddings]:
    """Two times (n, 50): a product of their rows is positive where two vectors may be near.

    x·y − |y|²/2 − |x|²/2 is −|x − y|²/2, so that one product of matrices compares all.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    flat = centred @ directions[:, -_DIRECTIONS:]
    half = (flat**2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(half)
    left = np.hstack([flat, ones, (SAME_PERSON_DISTANCE**2 + _SLACK) / 2 - half])
    return left, np.hstack([flat, -half, ones])


def _perhaps_near(
    left: Embeddings, right: Embeddings, start: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Collection[VideoPair] of some vectors and those after them."""
    these = left[start : start + _ROWS]
    found = []
    for first in range(start, len(right), _COLUMNS):
        others = right[first : first + _COLUMNS]
        hits = np.flatnonzero((these @ others.T).ravel() > 0)
        found.append((start + hits // len(others), first + hits % len(others)))
    a, b = (np.concatenate(column) for column in zip(*found, strict=True))
    return a[a < b], b[a < b]


def _truly_near(vectors: Embeddings, a: NDArray[np.int64], b: NDArray[np.int64]) -> Edges:
    distance = np.sqrt(((vectors[a].astype(np.float64) - vectors[b]) ** 2).sum(axis=1)).round(6)
    near = distance < SAME_PERSON_DISTANCE
    return Edges(a[near], b[near], distance[near])
