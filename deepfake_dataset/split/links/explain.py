"""Why a video is in its group: the shortest chain of joins to every other video of it."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from deepfake_dataset.split.links.must_link import Bonds, Index, reason_of
from deepfake_dataset.split.links.reasons import Join
from deepfake_dataset.split.video_table import Videos


@dataclass(frozen=True, slots=True)
class Step:
    """One join on the way from a video to another one of its group."""

    video: str
    """Path of the video reached."""
    through: str
    """Path of the one that it was reached from."""
    join: Join
    distance: int
    """Joins from the video that was asked about."""


def explain(video: int, videos: Videos, bonds: Bonds) -> tuple[Step, ...]:
    """The joins that reach every other video of the group, nearest first.

    They are a tree: going up from a video by ``through`` is its chain.
    """
    keys, holders = Index(bonds.video, bonds.key), Index(bonds.key, bonds.video)
    distance = {video: 0}
    waiting, done, steps = deque([video]), set[int](), []
    while waiting:
        at = waiting.popleft()
        for key in keys.of(at):
            if key in done:
                continue
            done.add(key)
            for found in holders.of(key):
                if found not in distance:
                    distance[found] = distance[at] + 1
                    waiting.append(found)
                    join = join_of(key, at, found, videos, bonds)
                    paths = videos.paths[found], videos.paths[at]
                    steps.append(Step(*paths, join, distance[found]))
    return tuple(steps)


def join_of(key: int, a: int, b: int, videos: Videos, bonds: Bonds) -> Join:
    """The join of two videos that share a key."""
    here = slice(*np.searchsorted(bonds.key, (key, key + 1)))
    holders = zip(bonds.video[here].tolist(), bonds.role[here].tolist(), strict=True)
    roles = [(role, bool(videos.real[video])) for video, role in holders if video in (a, b)]
    what = bonds.keys[key]
    return Join(videos.ids[a], videos.ids[b], reason_of(what, roles), what.detail)
