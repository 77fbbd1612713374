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

import faiss
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.base import Engine
from deepfake_dataset.engine.cores import single_threaded
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
_QUERIES = 4096
"""Vectors that faiss is asked about at once; with fewer it takes three times as long."""
_PAIRS = 4096
"""Pairs whose distances are computed again at once: 4 MB, about what a core's cache holds."""
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
    engine: Engine,
    *,
    cannot_links: Collection[VideoPair] = (),
    threads: int = 1,
    on_progress: OnProgress = no_progress,
) -> FoundPeople:
    """Who is seen in each face of a table with ``crop``, the landmarks and the crop's square.

    Videos of a pair in ``cannot_links`` are never linked to each other. ``engine`` embeds, and
    ``threads`` threads of this process compare.
    """
    tracks = embed_tracks(dataset, faces, network, engine, on_progress=on_progress)
    return people_of(tracks, cannot_links, threads)


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
    parent, size = list(range(len(vectors))), [1] * len(vectors)
    total, square = vectors.copy(), (vectors**2).sum(axis=1).tolist()
    merged = np.zeros(len(forest), np.bool_)

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for i, (a, b) in enumerate(zip(forest.a.tolist(), forest.b.tolist(), strict=True)):
        one, other = sorted((root(a), root(b)))
        between = square[one] / size[one] + square[other] / size[other]
        between -= 2 * (total[one] * total[other]).sum() / (size[one] * size[other])
        if between <= SAME_CLUSTER_DISTANCE**2:
            merged[i] = True
            parent[other] = one
            total[one] += total[other]
            size[one] += size[other]
            square[one] += square[other]
    return np.array([root(node) for node in range(len(vectors))], np.int64), merged


def near_edges(
    vectors: Embeddings, sound: NDArray[np.int64], allowed: Allowed, threads: int
) -> Edges:
    """Edges between ``sound`` vectors of one person's distance, thinned to a spanning forest.

    Every pair is looked at. A pair's distance in a few directions is no longer than its whole
    distance, so that most pairs are done with after the 48 directions in which the vectors
    differ most. Those that pass are decided in double precision: what faiss rounds, in which
    order and on how many threads, decides nothing.
    """
    edges = Edges.none()
    if not len(sound):
        return edges

    def edges_from(start: int) -> Edges:
        a, b = _perhaps_near(queries, targets, start)
        return allowed(_truly_near(vectors, sound[a], sound[b]))

    with single_threaded(), ThreadPoolExecutor(threads) as pool:
        queries, targets = _projected(vectors[sound])
        for found in pool.map(edges_from, range(0, len(sound), _QUERIES)):
            edges += found
            if len(edges) > _MOST_EDGES:
                edges = spanning_forest(edges, len(vectors))
    return spanning_forest(edges, len(vectors))


def _projected(vectors: Embeddings) -> tuple[Embeddings, Embeddings]:
    """Queries and targets, (n, 50) each: an inner product above 0 where two may be near.

    The first 48 are coordinates along the directions in which the vectors differ most. Since
    x·y − |y|²/2 − |x|²/2 is −|x − y|²/2, two more make a threshold of the distance one of the
    inner product, which faiss compares a fifth faster.
    """
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    flat = centred @ directions[:, -_DIRECTIONS:]
    half = (flat**2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(half)
    reach = (SAME_PERSON_DISTANCE**2 + _SLACK) / 2
    return np.hstack([flat, ones, reach - half]), np.hstack([flat, -half, ones])


def _perhaps_near(
    queries: Embeddings, targets: Embeddings, start: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of some vectors and those after them whose projections are near."""
    faiss.omp_set_num_threads(1)  # of this thread; the caller's threads are the parallelism
    index = faiss.IndexFlatIP(targets.shape[1])
    index.add(targets[start:])
    asked = queries[start : start + _QUERIES]
    limits, _, found = index.range_search(asked, 0.0)
    a = np.repeat(np.arange(len(asked)), np.diff(limits.astype(np.int64)))
    later = a < found
    return start + a[later], start + found[later]


def _truly_near(vectors: Embeddings, a: NDArray[np.int64], b: NDArray[np.int64]) -> Edges:
    rows = range(0, len(a), _PAIRS)
    pieces = [_distances(vectors, a[i : i + _PAIRS], b[i : i + _PAIRS]) for i in rows]
    distance = np.concatenate([np.empty(0), *pieces])
    near = distance < SAME_PERSON_DISTANCE
    return Edges(a[near], b[near], distance[near])


def _distances(
    vectors: Embeddings, a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Of pairs of vectors, in double precision, to a millionth."""
    squares = ((vectors[a].astype(np.float64) - vectors[b]) ** 2).sum(axis=1)
    return np.asarray(np.sqrt(squares).round(6))
