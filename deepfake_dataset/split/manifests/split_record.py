"""What a split decided, as ``manifests/split.json`` keeps it and the next split reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from deepfake_dataset.records import Label
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.sides import Side
from deepfake_dataset.split.links.explain import join_of
from deepfake_dataset.split.links.must_link import Bonds, reason_of
from deepfake_dataset.split.links.oversized_groups import Swallowed
from deepfake_dataset.split.links.reasons import Reason
from deepfake_dataset.split.plan import Plan
from deepfake_dataset.split.video_table import Videos

VERSION = 1
CLASSES = (Label.FAKE, Label.REAL)


@dataclass(frozen=True, slots=True)
class Cardinality:
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
class Placed:
    """A video that has a side, now or since an earlier split."""

    video_id: str
    group_id: str
    """Empty for a video that has no faces to split now, or is set aside."""
    side: str


@dataclass(frozen=True, slots=True)
class TiedTo:
    """What a video that is set aside shares with a side."""

    side: str
    video_id: str
    path: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A video that is in no manifest, since it ties two sides."""

    video_id: str
    path: str
    side: str
    """The side that it was on; empty for a new video."""
    ties: tuple[TiedTo, ...]
    """Empty for a video that is aside only for being in a group with another one."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What joins some videos."""

    reason: Reason
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
    counts: tuple[Cardinality, ...]
    swallowed: tuple[Swallowed, ...]
    set_aside: tuple[SetAside, ...]
    videos: tuple[Placed, ...]
    joins: tuple[Shared, ...]
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
    videos = plan.joined.videos
    _, sizes = np.unique(plan.group[plan.side >= 0], return_counts=True)
    return SplitRecord(
        version=VERSION,
        settings=settings,
        pinned=pinned,
        groups=len(sizes),
        largest_group=int(sizes.max()),
        resolution_edges=plan.resolution.scale.edges,
        counts=cardinalities(plan),
        swallowed=plan.swallowed,
        set_aside=set_aside(plan, before),
        videos=placed(plan, before),
        joins=shared(videos, plan.joined.bonds),
        files=files,
    )


def resolution_word(bin_: int) -> str:
    """The name of a resolution bin in manifests."""
    return f"q{bin_ + 1}"


def cardinalities(plan: Plan) -> tuple[Cardinality, ...]:
    """The table at the head of a split."""
    faces, videos = plan.joined.faces, plan.joined.videos
    side = plan.side[videos.of_face].astype(np.int64)
    real = pc.equal(faces["label"], str(Label.REAL)).to_numpy().astype(np.int64)
    bins = plan.resolution.scale.bins
    on = side >= 0
    code = ((side * 2 + real) * bins + plan.resolution.bin)[on]
    drawn = plan.drawn[on]
    number = (int(side.max(initial=0)) + 1) * 2 * bins
    in_all = np.bincount(code, minlength=number)
    in_manifest = np.bincount(code[drawn], minlength=number)
    pairs = np.unique(code[drawn] * len(videos) + videos.of_face[on][drawn])
    with_faces = np.bincount(pairs // len(videos), minlength=number)
    rows = []
    for i in np.flatnonzero(in_all).tolist():
        where, bin_ = divmod(i, bins)
        rows.append(
            Cardinality(
                side=Side(where // 2).word,
                label=CLASSES[where % 2],
                resolution=resolution_word(bin_),
                videos=int(with_faces[i]),
                faces=int(in_manifest[i]),
                surplus=int(in_all[i] - in_manifest[i]),
            )
        )
    return tuple(rows)


def placed(plan: Plan, before: Mapping[str, str]) -> tuple[Placed, ...]:
    """Every video that has a side, by id; those too that have no faces now, or are aside."""
    ids, group, side = plan.joined.videos.ids, plan.group.tolist(), plan.side.tolist()
    now = {
        video_id: Placed(video_id, ids[group[i]], Side(side[i]).word)
        for i, video_id in enumerate(ids)
        if side[i] >= 0
    }
    gone = {id_: Placed(id_, "", word) for id_, word in before.items() if id_ not in now}
    return tuple(row for _, row in sorted((now | gone).items()))


def set_aside(plan: Plan, before: Mapping[str, str]) -> tuple[SetAside, ...]:
    """The videos that are in no manifest, and why."""
    videos, bonds = plan.joined.videos, plan.joined.bonds
    ties: dict[int, list[TiedTo]] = {int(i): [] for i in np.flatnonzero(plan.side == Side.ASIDE)}
    for tie in plan.ties:
        join = join_of(tie.key, tie.video, tie.other, videos, bonds)
        other = videos.ids[tie.other]
        side = before.get(other) or _word(plan.side[tie.other])
        told = TiedTo(side, other, videos.paths[tie.other], join.reason, join.detail)
        ties[tie.video].append(told)
    return tuple(
        SetAside(videos.ids[i], videos.paths[i], before.get(videos.ids[i], ""), tuple(told))
        for i, told in ties.items()
    )


def _word(side: int) -> str:
    return Side(side).word if side >= 0 else ""


def shared(videos: Videos, bonds: Bonds) -> tuple[Shared, ...]:
    """Every join, a row for what is shared."""
    real = videos.real.tolist()
    holders: list[list[tuple[int, int]]] = [[] for _ in bonds.keys]
    rows = zip(bonds.key.tolist(), bonds.video.tolist(), bonds.role.tolist(), strict=True)
    for key, video, role in rows:
        holders[key].append((video, role))
    return tuple(
        Shared(
            reason_of(key, ((role, real[video]) for video, role in here)),
            key.detail,
            tuple(videos.ids[video] for video in dict.fromkeys(video for video, _ in here)),
        )
        for key, here in zip(bonds.keys, holders, strict=True)
    )
