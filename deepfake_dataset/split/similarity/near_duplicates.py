"""Near-duplicates: the same pictures in two videos, whatever was done to size, tone or codec.

A copy, a copy that was mirrored, cut shorter or compressed again, a forged video and its
original: a few of its faces have nearly the same hash.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import faiss
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.links.cannot_link import Cuts, Pairs
from deepfake_dataset.split.links.reasons import Join, Reason
from deepfake_dataset.split.links.spanning_forest import Links, forest_rows
from deepfake_dataset.split.similarity.crop_reading import (
    Tell,
    Unusable,
    quiet,
    spread,
    track_codes,
)
from deepfake_dataset.split.similarity.perceptual_hash import (
    BITS,
    Hash,
    as_text,
    hash_crops,
    mirrored,
)

# Of 256 bits. Compressing, scaling, darkening, turning or blurring a crop changes up to 48,
# forging the face in it 13 and 45 in the two pairs at hand, a step in time within a shot 32 at
# the median; crops of different videos are 69 apart at least (benchmarks/people.py).
NEAR = 48
_COMPARED = 400_000
"""Faces, about: all of a set of common size, fewer of each track of a larger one."""
_LEAST, _MOST = 3, 1000
"""Faces a track."""
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Which videos share pictures, and by what this was told."""

    phash: pa.Array
    """Of each face of a table: 64 hex digits; empty where it was not compared."""
    joins: tuple[Join, ...]
    """The nearest pairs of videos that join all that share pictures."""
    unusable: tuple[Unusable, ...]
    """Crops that could not be compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Alike:
    """Hashes that are near each other: positions on either side, and bits that differ."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    bits: NDArray[np.int64]


def near_pairs(one: Hash, other: Hash, near: int = NEAR) -> Iterator[Alike]:
    """All pairs at most ``near`` bits apart, mirrored ones too, some at a time.

    Empty hashes are near nothing. Every pair is compared, a nanosecond each on two cores.
    """
    told, sought = np.flatnonzero(one.any(axis=1)), np.flatnonzero(other.any(axis=1))
    index = faiss.IndexBinaryFlat(BITS)
    index.add(np.ascontiguousarray(other[sought]))
    for start in range(0, len(told), _AT_ONCE):
        rows = told[start : start + _AT_ONCE]
        for asked in (one[rows], mirrored(one[rows])):
            # faiss takes a radius that is not reached.
            limits, bits, found = index.range_search(np.ascontiguousarray(asked), near + 1)
            a = rows[np.repeat(np.arange(len(rows)), np.diff(limits.astype(np.int64)))]
            yield Alike(a, sought[found], bits.astype(np.int64))


def find_duplicates(
    dataset: Dataset,
    faces: pa.Table,
    *,
    cuts: Pairs = (),
    workers: int | None = None,
    tell: Tell = quiet,
) -> Duplicates:
    """Near-duplicates among the videos of a table of faces with ``crop`` and ``sha256``.

    Videos of a pair in ``cuts`` are never joined to each other.
    """
    workers = workers or dataset.settings.run.worker_count
    rows = compared(faces)
    chosen = faces.take(pa.array(rows))
    hashes, unusable = hash_crops(dataset, chosen, workers=workers, tell=tell)
    everywhere = np.zeros((faces.num_rows, BITS // 8), np.uint8)
    everywhere[rows] = hashes
    return Duplicates(as_text(everywhere), duplicate_joins(chosen, hashes, cuts), unusable)


def compared(faces: pa.Table) -> NDArray[np.int64]:
    """Positions of the faces that are compared, evenly over their tracks."""
    tracks = len(np.unique(track_codes(faces)))
    return spread(faces, min(_MOST, max(_LEAST, _COMPARED // max(1, tracks))))


def duplicate_joins(faces: pa.Table, hashes: Hash, cuts: Pairs = ()) -> tuple[Join, ...]:
    """Videos of a table of faces that share pictures, with one hash (n, 32) a face."""
    ids, names = faces["video_id"].to_pylist(), faces["face_id"]
    cut = Cuts.between(ids, cuts)
    links = _between_videos(hashes, cut)
    ends = Links(cut.video[links.a], cut.video[links.b], links.distance)
    kept = forest_rows(ends, len(ids))
    return tuple(
        Join(ids[a], ids[b], Reason.DUPLICATE, _detail(names, a, b, int(bits)))
        for a, b, bits in zip(*(side[kept].tolist() for side in links.sides), strict=True)
    )


def _between_videos(hashes: Hash, cuts: Cuts) -> Links:
    """For every two videos that have near hashes, those that are nearest."""
    links, video = Links.none(), cuts.video
    for start in range(0, len(hashes), _AT_ONCE):
        for pairs in near_pairs(hashes[start : start + _AT_ONCE], hashes[start:]):
            a, b = pairs.a + start, pairs.b + start
            ordered = video[a] < video[b]
            a, b = np.where(ordered, a, b), np.where(ordered, b, a)
            apart = np.flatnonzero(video[a] != video[b])
            links += cuts.spare(Links(a, b, pairs.bits.astype(np.float64)).take(apart))
        links = nearest(links, video, video)
    return links


def nearest(links: Links, one: NDArray[np.int64], other: NDArray[np.int64]) -> Links:
    """The nearest link of each two owners, with the owner of every node on either side."""
    links = links.nearest_first()
    _, first = np.unique((one[links.a] << 32) + other[links.b], return_index=True)
    return links.take(first)


def _detail(names: pa.ChunkedArray, a: int, b: int, bits: int) -> str:
    return f"faces {names[a]} and {names[b]} differ in {bits} of {BITS} bits"
