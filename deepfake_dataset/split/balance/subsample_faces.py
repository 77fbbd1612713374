"""Subsamples faces: on each side as many of one class as of the other, cell by cell.

What a cell has too many of is chosen from evenly: one face a scene and video before a second one of
any, and within a scene spread over its time. Nothing is left to chance: the seed turns the
order, so that the same faces are chosen wherever and however often it is done.
"""

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.split.assignment.sides_and_shares import Side

_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio: its multiples spread evenly, however many are taken (Knuth 1973,
6.4, theorem S)."""
_HALF_WORD = np.uint64(32)


def subsample(
    side: NDArray[np.int8],
    real: NDArray[np.bool_],
    cell: NDArray[np.int64],
    video: NDArray[np.int64],
    scene: NDArray[np.int64],
    video_hash: NDArray[np.uint64],
) -> NDArray[np.bool_]:
    """Which faces are chosen. All arrays are by face, but ``video_hash``: a number a video.

    Faces of a scene stand in the order of time. Faces that are on no side are not chosen.
    """
    pool = cell * len(Side) + (side - min(Side))
    pools = int(pool.max(initial=0)) + 1
    size = np.stack([np.bincount(pool[real == which], minlength=pools) for which in (False, True)])
    wanted = size.min(axis=0)
    chosen: NDArray[np.bool_] = (side >= 0) & (size[real.astype(np.int64), pool] == wanted[pool])
    rest = np.flatnonzero((side >= 0) & ~chosen & (wanted[pool] > 0))
    turn = _order_in_pool(pool[rest], video[rest], scene[rest], video_hash)
    chosen[rest] = turn < wanted[pool[rest]]
    return chosen


def _order_in_pool(
    pool: NDArray[np.int64],
    video: NDArray[np.int64],
    scene: NDArray[np.int64],
    video_hash: NDArray[np.uint64],
) -> NDArray[np.int64]:
    """The turn of each face in its pool, from 0, where all faces of a pool are of one class."""
    pools, scenes = int(pool.max(initial=0)) + 1, int(scene.max(initial=0)) + 1
    videos = video * pools + pool
    shots = (video * scenes + scene) * pools + pool
    seeded = video_hash[video]
    nth = _ranks(shots, np.zeros(len(shots), np.uint64))
    turn = _ranks(shots, nth.astype(np.uint64) * _GOLDEN_RATIO + seeded)
    of_scene = _mixed(seeded + scene.astype(np.uint64))
    turn = _ranks(videos, (turn.astype(np.uint64) << _HALF_WORD) + (of_scene >> _HALF_WORD))
    return _ranks(pool, (turn.astype(np.uint64) << _HALF_WORD) + (seeded >> _HALF_WORD))


def _ranks(group: NDArray[np.int64], key: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The place of each entry in its group by key; entries of equal key stay in their order."""
    order = np.lexsort((key, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    lengths = np.diff(np.append(starts, len(group)))
    ranks = np.empty(len(group), np.int64)
    ranks[order] = np.arange(len(group)) - np.repeat(starts, lengths)
    return ranks


def video_hashes(video_ids: list[str], seed: int) -> NDArray[np.uint64]:
    """A number for each video that depends on its id and the seed alone."""
    numbers = np.array([int(video_id, 16) for video_id in video_ids], np.uint64)
    return _mixed(numbers + np.array([seed], np.uint64) * _GOLDEN_RATIO)


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each number's bits mixed well (the finalizer of SplitMix64, Steele et al. 2014)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
