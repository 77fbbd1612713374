"""Near-duplicate videos: perceptual hashes of their faces that differ in at most 48 bits.

A copy, a copy that was mirrored, cut shorter or compressed again, a forged video and its
original: a few of its faces have nearly the same hash.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.links.cannot_link import CannotLinks, VideoPair
from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.links.spanning_forest import Edges, spanning_forest_rows
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.split.similarity.perceptual_hash import (
    BITS,
    Hash,
    hash_crops,
    hash_to_hex,
    mirrored,
)
from deepfake_dataset.split.similarity.read_crop import UnusableCrop
from deepfake_dataset.split.similarity.sample_evenly import sample_tracks, track_codes

# Of 256 bits. Compressing, scaling, darkening, turning or blurring a crop changes up to 48,
# forging the face in it 13 and 45 in the two pairs at hand, a step in time within a shot 32 at
# the median; crops of different videos are 69 apart at least (benchmarks/people.py).
DUPLICATE_BITS = 48
_FACES_COMPARED = 400_000
"""Faces, about: all of a set of common size, fewer of each track of a larger one."""
_LEAST_FACES, _MOST_FACES = 3, 1000
"""Faces a track."""
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Which videos share pictures, and the hashes that show it."""

    phash: pa.Array
    """Of each face of a table: 64 hex digits; empty where it was not compared."""
    links: tuple[MustLink, ...]
    """The nearest pairs of videos that join all that share pictures."""
    unusable: tuple[UnusableCrop, ...]
    """Crops that could not be compared."""


@dataclass(frozen=True, slots=True, eq=False)
class NearHashes:
    """Hashes that are near each other: positions on either side, and bits that differ."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    bits: NDArray[np.int64]


def near_pairs(
    one: Hash, other: Hash, most_bits: int = DUPLICATE_BITS, threads: int = 1
) -> Iterator[NearHashes]:
    """All pairs at most ``most_bits`` bits apart, mirrored ones too, some at a time.

    Empty hashes are near nothing. Every pair is compared, two nanoseconds each. The number of
    ``threads`` changes nothing else.
    """
    rows, targets = np.flatnonzero(one.any(axis=1)), np.flatnonzero(other.any(axis=1))
    index = faiss.IndexBinaryFlat(BITS)
    index.add(np.ascontiguousarray(other[targets]))

    def search(queries: NDArray[np.int64], hashes: Hash) -> NearHashes:
        faiss.omp_set_num_threads(1)  # of this thread; the threads here are the parallelism
        # faiss takes a radius that is not reached.
        limits, bits, found = index.range_search(np.ascontiguousarray(hashes), most_bits + 1)
        a = queries[np.repeat(np.arange(len(queries)), np.diff(limits.astype(np.int64)))]
        return NearHashes(a, targets[found], bits.astype(np.int64))

    blocks = [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]
    asked = [(rows, change(one[rows])) for rows in blocks for change in (np.asarray, mirrored)]
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(search, *zip(*asked, strict=True)) if asked else ()


def find_duplicates(
    dataset: Dataset,
    faces: pa.Table,
    *,
    cannot_links: Collection[VideoPair] = (),
    threads: int = 1,
    on_progress: OnProgress = no_progress,
) -> Duplicates:
    """Near-duplicates among the videos of a table of faces with ``crop`` and ``sha256``.

    Videos of a pair in ``cannot_links`` are never linked to each other.
    """
    rows = faces_to_compare(faces)
    chosen = faces.take(pa.array(rows))
    hashes, unusable = hash_crops(dataset, chosen, threads=threads, on_progress=on_progress)
    everywhere = np.zeros((faces.num_rows, BITS // 8), np.uint8)
    everywhere[rows] = hashes
    return Duplicates(
        hash_to_hex(everywhere), duplicate_links(chosen, hashes, cannot_links, threads), unusable
    )


def faces_to_compare(faces: pa.Table) -> NDArray[np.int64]:
    """Positions of the faces that are compared, evenly over their tracks."""
    tracks = len(np.unique(track_codes(faces)))
    return sample_tracks(
        faces, min(_MOST_FACES, max(_LEAST_FACES, _FACES_COMPARED // max(1, tracks)))
    )


def duplicate_links(
    faces: pa.Table, hashes: Hash, cannot_links: Collection[VideoPair] = (), threads: int = 1
) -> tuple[MustLink, ...]:
    """Videos of a table of faces that share pictures, with one hash (n, 32) a face."""
    ids, names = faces["video_id"].to_pylist(), faces["face_id"]
    forbidden = CannotLinks.between(ids, cannot_links)
    edges = _edges_between_videos(hashes, forbidden, threads)
    ends = Edges(forbidden.video[edges.a], forbidden.video[edges.b], edges.distance)
    kept = spanning_forest_rows(ends, len(ids))
    return tuple(
        MustLink(ids[a], ids[b], LinkReason.DUPLICATE, _detail(names, a, b, int(bits)))
        for a, b, bits in zip(*(column[kept].tolist() for column in edges.columns), strict=True)
    )


def _edges_between_videos(hashes: Hash, cannot_links: CannotLinks, threads: int) -> Edges:
    """For every two videos that have near hashes, those that are nearest."""
    edges, video = Edges.none(), cannot_links.video
    for start in range(0, len(hashes), _AT_ONCE):
        asked, rest = hashes[start : start + _AT_ONCE], hashes[start:]
        for pairs in near_pairs(asked, rest, threads=threads):
            a, b = pairs.a + start, pairs.b + start
            ordered = video[a] < video[b]
            a, b = np.where(ordered, a, b), np.where(ordered, b, a)
            apart = np.flatnonzero(video[a] != video[b])
            edges += cannot_links.allowed(Edges(a, b, pairs.bits.astype(np.float64)).take(apart))
        edges = nearest_of_each(edges, video, video)
    return edges


def nearest_of_each(edges: Edges, one: NDArray[np.int64], other: NDArray[np.int64]) -> Edges:
    """The nearest edge of each two owners, with the owner of every node on either side."""
    edges = edges.nearest_first()
    _, first = np.unique((one[edges.a] << 32) + other[edges.b], return_index=True)
    return edges.take(first)


def _detail(names: pa.ChunkedArray, a: int, b: int, bits: int) -> str:
    return f"faces {names[a]} and {names[b]} differ in {bits} of {BITS} bits"
