"""Explains why videos are one group: the shortest chain of links from one to each other."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from deepfake_dataset.split.links.must_link import MustLink, link_reason
from deepfake_dataset.split.links.video_groups import LinkGraph, Neighbours
from deepfake_dataset.split.video_table import VideoTable


@dataclass(frozen=True, slots=True)
class GroupStep:
    """One link on the way from a video to another one of its group."""

    video: str
    """Path of the video reached."""
    through: str
    """Path of the one that it was reached from."""
    join: MustLink
    distance: int
    """Links from the video that was asked about."""


def explain_group(video: int, videos: VideoTable, graph: LinkGraph) -> tuple[GroupStep, ...]:
    """The links that reach every other video of the group, nearest first.

    They are a tree: going up from a video by ``through`` is its chain.
    """
    keys, holders = Neighbours(graph.video, graph.key), Neighbours(graph.key, graph.video)
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
                    link = link_between(key, at, found, videos, graph)
                    paths = videos.paths[found], videos.paths[at]
                    steps.append(GroupStep(*paths, link, distance[found]))
    return tuple(steps)


def link_between(key: int, a: int, b: int, videos: VideoTable, graph: LinkGraph) -> MustLink:
    """The must-link of two videos that share a key."""
    here = slice(*np.searchsorted(graph.key, (key, key + 1)))
    holders = zip(graph.video[here].tolist(), graph.role[here].tolist(), strict=True)
    roles = [(role, bool(videos.real[video])) for video, role in holders if video in (a, b)]
    shared = graph.keys[key]
    return MustLink(videos.ids[a], videos.ids[b], link_reason(shared, roles), shared.detail)
