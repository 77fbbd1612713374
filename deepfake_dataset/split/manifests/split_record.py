"""Split record: what ``manifests/split.json`` holds, and the next split reads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from deepfake_dataset.records import Label
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.links.explain_group import link_between
from deepfake_dataset.split.links.must_link import LinkReason, link_reason
from deepfake_dataset.split.links.oversized_groups import OversizedGroup
from deepfake_dataset.split.links.video_groups import LinkGraph
from deepfake_dataset.split.plan import Plan
from deepfake_dataset.split.video_table import VideoTable

SPLIT_RECORD_VERSION = 1
_LABELS = (Label.FAKE, Label.REAL)


@dataclass(frozen=True, slots=True)
class FaceCount:
    """What one side has of one class in one resolution bin."""

    side: str
    label: Label
    resolution: str
    videos: int
    """That have faces in the manifest."""
    faces: int
    """In the manifest."""
    surplus: int
    """Faces that stay out of it, since the other class has fewer."""


@dataclass(frozen=True, slots=True)
class VideoSide:
    """A video that has a side, now or since an earlier split."""

    video_id: str
    group_id: str
    """Empty for a video that has no faces to split now, or is set aside."""
    side: str


@dataclass(frozen=True, slots=True)
class SetAsideReason:
    """What a video that is set aside shares with a side."""

    side: str
    video_id: str
    path: str
    reason: LinkReason
    detail: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A video that is in no manifest, since it ties two sides."""

    video_id: str
    path: str
    side: str
    """The side that it was on; empty for a new video."""
    ties: tuple[SetAsideReason, ...]
    """Empty for a video that is aside only for being in a group with another one."""


@dataclass(frozen=True, slots=True)
class SharedLink:
    """What ties some videos together."""

    reason: LinkReason
    detail: str
    videos: tuple[str, ...]
    """Their ids."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file of the split."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """One split: all of ``manifests/split.json``."""

    version: int
    settings: SplitSettings
    pinned: bool
    """Whether sides were given with ``--assign``."""
    groups: int
    largest_group: int
    """In videos."""
    resolution_edges: tuple[float, ...]
    """Lowest native size in pixels of each resolution bin but the first."""
    counts: tuple[FaceCount, ...]
    swallowed: tuple[OversizedGroup, ...]
    set_aside: tuple[SetAside, ...]
    videos: tuple[VideoSide, ...]
    joins: tuple[SharedLink, ...]
    files: tuple[WrittenFile, ...]


def record_of(
    plan: Plan,
    settings: SplitSettings,
    before: Mapping[str, str],
    files: tuple[WrittenFile, ...],
    *,
    pinned: bool,
) -> SplitRecord:
    """The record of a split whose files are written; ``before`` is the side by video id."""
    videos = plan.linked.videos
    _, sizes = np.unique(plan.group[plan.side >= 0], return_counts=True)
    return SplitRecord(
        version=SPLIT_RECORD_VERSION,
        settings=settings,
        pinned=pinned,
        groups=len(sizes),
        largest_group=int(sizes.max()),
        resolution_edges=plan.resolution.scale.edges,
        counts=face_counts(plan),
        swallowed=plan.oversized,
        set_aside=set_aside(plan, before),
        videos=video_sides(plan, before),
        joins=shared_links(videos, plan.linked.graph),
        files=files,
    )


def resolution_word(bin_: int) -> str:
    """The name of a resolution bin in manifests."""
    return f"q{bin_ + 1}"


def face_counts(plan: Plan) -> tuple[FaceCount, ...]:
    """The table at the head of a split."""
    faces, videos = plan.linked.faces, plan.linked.videos
    side = plan.side[videos.of_face].astype(np.int64)
    real = pc.equal(faces["label"], str(Label.REAL)).to_numpy().astype(np.int64)
    bins = plan.resolution.scale.bins
    on = side >= 0
    code = ((side * 2 + real) * bins + plan.resolution.bin)[on]
    selected = plan.selected[on]
    number = (int(side.max(initial=0)) + 1) * 2 * bins
    in_all = np.bincount(code, minlength=number)
    in_manifest = np.bincount(code[selected], minlength=number)
    pairs = np.unique(code[selected] * len(videos) + videos.of_face[on][selected])
    with_faces = np.bincount(pairs // len(videos), minlength=number)
    rows = []
    for i in np.flatnonzero(in_all).tolist():
        where, bin_ = divmod(i, bins)
        rows.append(
            FaceCount(
                side=Side(where // 2).word,
                label=_LABELS[where % 2],
                resolution=resolution_word(bin_),
                videos=int(with_faces[i]),
                faces=int(in_manifest[i]),
                surplus=int(in_all[i] - in_manifest[i]),
            )
        )
    return tuple(rows)


def video_sides(plan: Plan, before: Mapping[str, str]) -> tuple[VideoSide, ...]:
    """Every video that has a side, by id; those too that have no faces now, or are aside."""
    ids, group, side = plan.linked.videos.ids, plan.group.tolist(), plan.side.tolist()
    now = {
        video_id: VideoSide(video_id, ids[group[i]], Side(side[i]).word)
        for i, video_id in enumerate(ids)
        if side[i] >= 0
    }
    gone = {id_: VideoSide(id_, "", word) for id_, word in before.items() if id_ not in now}
    return tuple(row for _, row in sorted((now | gone).items()))


def set_aside(plan: Plan, before: Mapping[str, str]) -> tuple[SetAside, ...]:
    """The videos that are in no manifest, and why."""
    videos, graph = plan.linked.videos, plan.linked.graph
    ties: dict[int, list[SetAsideReason]] = {
        int(i): [] for i in np.flatnonzero(plan.side == Side.ASIDE)
    }
    for link in plan.cross_links:
        between = link_between(link.key, link.video, link.other, videos, graph)
        other = videos.ids[link.other]
        side = before.get(other) or _word(plan.side[link.other])
        reason = SetAsideReason(
            side, other, videos.paths[link.other], between.reason, between.detail
        )
        ties[link.video].append(reason)
    return tuple(
        SetAside(videos.ids[i], videos.paths[i], before.get(videos.ids[i], ""), tuple(reasons))
        for i, reasons in ties.items()
    )


def _word(side: int) -> str:
    return Side(side).word if side >= 0 else ""


def shared_links(videos: VideoTable, graph: LinkGraph) -> tuple[SharedLink, ...]:
    """Every link, a row for what is shared."""
    real = videos.real.tolist()
    holders: list[list[tuple[int, int]]] = [[] for _ in graph.keys]
    rows = zip(graph.key.tolist(), graph.video.tolist(), graph.role.tolist(), strict=True)
    for key, video, role in rows:
        holders[key].append((video, role))
    return tuple(
        SharedLink(
            link_reason(key, ((role, real[video]) for video, role in here)),
            key.detail,
            tuple(videos.ids[video] for video in dict.fromkeys(video for video, _ in here)),
        )
        for key, here in zip(graph.keys, holders, strict=True)
    )
