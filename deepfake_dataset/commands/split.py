"""``dsbuild split``: manifests to train and test on that do not leak."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.commands.audit import draw_audit
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.layout import AUDIT, MANIFESTS, manifest_key
from deepfake_dataset.engine import make_engine
from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.links.explain_group import GroupStep
from deepfake_dataset.split.links.oversized_groups import OversizedGroup
from deepfake_dataset.split.manifests.split_record import FaceCount, SetAside, SplitRecord
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.storage.base import Spool, Storage
from deepfake_dataset.storage.paths import StrPath, optional_path

if TYPE_CHECKING:
    from deepfake_dataset.split.audit.audit_record import Audit
    from deepfake_dataset.split.links.cannot_link import VideoPair
    from deepfake_dataset.split.plan import LinkedVideos, Plan


@dataclass(frozen=True, slots=True)
class Moved:
    """Videos that stood on another side in the split before."""

    before: str
    now: str
    videos: int


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What a split came to."""

    counts: tuple[FaceCount, ...]
    groups: int
    largest_group: int
    """In videos."""
    proven: bool
    """Whether it was proved that no other choice of sides is better balanced."""
    set_aside: tuple[SetAside, ...]
    swallowed: tuple[OversizedGroup, ...]
    moved: tuple[Moved, ...]
    unusable: tuple[str, ...]
    """Crops that could not be compared, and why."""
    audit: "Audit"


@dataclass(frozen=True, slots=True)
class ExplainedGroup:
    """Why a video is in its group."""

    path: str
    group_id: str
    side: str
    """Empty where the video is on none yet."""
    steps: tuple[GroupStep, ...]
    """The links that reach every other video of the group, nearest first."""


def split_dataset(
    dataset: StrPath,
    *,
    fresh: bool = False,
    assign: StrPath | None = None,
    cuts: Sequence[str] = (),
    on_progress: OnProgress = no_progress,
    **settings: object,
) -> SplitSummary:
    """Write manifests that part no person, name or picture, and balance classes and resolution.

    ``settings`` are fields of :class:`SplitSettings`; those given are kept in the dataset's
    ``dsbuild.toml``. Videos keep the side of the split before, unless ``fresh``. ``assign``
    is a CSV of sides that are given, and begins anew too. ``cuts`` are pairs ``A,B`` of videos
    that are not to be joined for their looks; they are kept.

    Raises :class:`DsbuildError`; the manifests are then what they were.
    """
    from deepfake_dataset.split.assignment.given_split import read_given_split
    from deepfake_dataset.split.links.cannot_link import append_cannot_links
    from deepfake_dataset.split.manifests.atomic_publication import (
        lock_manifests,
        publish_manifests,
    )
    from deepfake_dataset.split.manifests.split_record import record_of
    from deepfake_dataset.split.plan import plan_split

    assign = optional_path(assign, "assign")
    opened = Dataset.open(dataset)
    opened = replace(opened, settings=opened.settings.override(**settings))
    storage = opened.storage
    with lock_manifests(storage):
        before = _sides_before(storage, anew=fresh)
        known = {} if fresh or assign else before.copy()
        found = _link_dataset(opened, cuts, on_progress)
        linked = found.linked
        fixed_side = (
            read_given_split(assign, linked.videos) if assign else _sides_kept(linked, known)
        )
        known |= _side_words(linked, fixed_side)
        plan = plan_split(linked, opened.settings.split, fixed_side)
        with storage.spool(MANIFESTS) as made:
            audit = _write_manifests(made, plan, opened, found.cannot_links)
            # What was asked for comes first: a kill in between must not lose it.
            append_cannot_links(storage, found.new_cannot_links)
            opened.with_settings(opened.settings)
            record = publish_manifests(
                storage,
                made,
                lambda files: record_of(
                    plan, opened.settings.split, known, files, pinned=assign is not None
                ),
            )
        draw_audit(opened, audit)
    return _summary(record, before, found.unusable, audit, plan.proven)


def explain_video(
    video: str, dataset: StrPath, *, on_progress: OnProgress = no_progress
) -> ExplainedGroup:
    """Why a video is in its group; it may be named by id, by path or by the end of its path.

    Raises :class:`DsbuildError`.
    """
    from deepfake_dataset.split.links.explain_group import explain_group
    from deepfake_dataset.split.links.video_groups import connected_groups
    from deepfake_dataset.split.video_lookup import find_video

    opened = Dataset.open(dataset)
    linked = _link_dataset(opened, (), on_progress).linked
    videos = linked.videos
    found = find_video(video, videos)
    group = int(connected_groups(linked.graph, len(videos))[found])
    sides = _sides_before(opened.storage, anew=False)
    return ExplainedGroup(
        path=videos.paths[found],
        group_id=videos.ids[group],
        side=sides.get(videos.ids[found], ""),
        steps=explain_group(found, videos, linked.graph),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Linked:
    """What ties the videos of a dataset together."""

    linked: "LinkedVideos"
    cannot_links: "set[VideoPair]"
    """All pairs that people have cut."""
    new_cannot_links: list["VideoPair"]
    unusable: tuple[str, ...]


def _link_dataset(dataset: Dataset, cuts: Sequence[str], on_progress: OnProgress) -> _Linked:
    """Find who and what videos share; ``cuts`` as a person wrote them."""
    from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
    from deepfake_dataset.dataset.face_table import read_faces
    from deepfake_dataset.faces.embedding import embed_crop
    from deepfake_dataset.split.links.cannot_link import parse_cannot_link, read_cannot_links
    from deepfake_dataset.split.plan import link_videos
    from deepfake_dataset.split.similarity.face_embeddings import EmbeddingNetwork
    from deepfake_dataset.split.similarity.near_duplicates import find_duplicates
    from deepfake_dataset.split.similarity.person_clusters import find_people
    from deepfake_dataset.split.video_table import usable_faces, videos_of

    network = EmbeddingNetwork(embed_crop, ["deepfake_dataset.faces.embedding:load_network"])
    settings = dataset.settings.split
    reviewed = apply_decisions(read_faces(dataset), read_decisions(dataset))
    faces = usable_faces(reviewed, reviewed_only=settings.reviewed_only)
    videos = videos_of(faces)
    new = [parse_cannot_link(cut, videos) for cut in cuts]
    pairs = read_cannot_links(dataset.storage, videos).union(new)
    cores = dataset.settings.run.worker_count
    engine = make_engine(workers=cores)
    people = find_people(
        dataset, faces, network, engine, cannot_links=pairs, threads=cores, on_progress=on_progress
    )
    duplicates = find_duplicates(
        dataset, faces, cannot_links=pairs, threads=cores, on_progress=on_progress
    )
    faces = faces.append_column("person", people.person).append_column("phash", duplicates.phash)
    unusable = dict.fromkeys(
        f"{found.crop}: {found.problem}" for found in (*people.unusable, *duplicates.unusable)
    )
    linked = link_videos(faces, (*people.links, *duplicates.links), settings)
    return _Linked(linked, pairs, new, tuple(unusable))


def _sides_before(storage: Storage, *, anew: bool) -> dict[str, str]:
    """The side of each video in the split that stands; ``anew``, one that is damaged is none."""
    from deepfake_dataset.split.manifests.atomic_publication import read_record

    try:
        record = read_record(storage)
    except SplitError:
        if anew:
            return {}
        raise
    return {placed.video_id: placed.side for placed in record.videos} if record else {}


def _sides_kept(linked: "LinkedVideos", known: dict[str, str]) -> NDArray[np.int8]:
    from deepfake_dataset.split.assignment.sides_and_shares import Side, side_named

    sides = (side_named(known.get(video_id, "")) for video_id in linked.videos.ids)
    return np.array([Side.FREE if side is None else side for side in sides], np.int8)


def _side_words(linked: "LinkedVideos", fixed_side: NDArray[np.int8]) -> dict[str, str]:
    from deepfake_dataset.split.assignment.sides_and_shares import Side

    named = zip(linked.videos.ids, fixed_side.tolist(), strict=True)
    return {video_id: Side(side).word for video_id, side in named if side != Side.FREE}


def _write_manifests(
    made: Spool, plan: "Plan", dataset: Dataset, cannot_links: "set[VideoPair]"
) -> "Audit":
    """Write manifests and their audit; raises LeakError where anything crosses."""
    from deepfake_dataset.dataset.manifest import write_manifest
    from deepfake_dataset.split.assignment.sides_and_shares import Side
    from deepfake_dataset.split.audit.audit_record import audit_as_json, audit_split
    from deepfake_dataset.split.audit.manifest_or_image_folder import side_of_dataset
    from deepfake_dataset.split.manifests.manifest_rows import manifest_rows
    from deepfake_dataset.split.plan import positions_of

    audited = []
    for side in map(Side, plan.sides):
        file = made.folder / manifest_key(side.word).removeprefix(MANIFESTS)
        write_manifest(file, manifest_rows(plan, side))
        audited.append(side_of_dataset(dataset.storage, side.word, file.read_bytes()))
    audit = audit_split(
        audited,
        plan.linked.faces,
        plan.group_of_face(),
        plan.selected,
        positions=positions_of(dataset.settings.split),
        cannot_links=cannot_links,
        threads=dataset.settings.run.worker_count,
    )
    audit.leakage.refuse()
    made.write(AUDIT.removeprefix(MANIFESTS), audit_as_json(audit))
    return audit


def _summary(
    record: SplitRecord,
    before: dict[str, str],
    unusable: tuple[str, ...],
    audit: "Audit",
    proven: bool,
) -> SplitSummary:
    moves = Counter(
        (before[placed.video_id], placed.side)
        for placed in record.videos
        if before.get(placed.video_id, placed.side) != placed.side
    )
    return SplitSummary(
        counts=record.counts,
        groups=record.groups,
        largest_group=record.largest_group,
        proven=proven,
        set_aside=record.set_aside,
        swallowed=record.swallowed,
        moved=tuple(Moved(*sides, number) for sides, number in sorted(moves.items())),
        unusable=unusable,
        audit=audit,
    )
