"""``dsbuild split``: manifests to train and test on that do not leak."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.commands.audit import draw_audit
from deepfake_dataset.dataset.dataset import SETTINGS_FILE, Dataset
from deepfake_dataset.errors import SplitError
from deepfake_dataset.settings import write_settings
from deepfake_dataset.split.links.explain import Step
from deepfake_dataset.split.links.oversized_groups import Swallowed
from deepfake_dataset.split.manifests.split_record import Cardinality, SetAside, SplitRecord
from deepfake_dataset.storage.os_errors import writing
from deepfake_dataset.storage.paths import StrPath, optional_path

if TYPE_CHECKING:
    from deepfake_dataset.split.audit.audit_record import Audit
    from deepfake_dataset.split.links.cannot_link_file import Pair
    from deepfake_dataset.split.plan import Joined, Plan

CUTS = "review/cuts.csv"

Tell = Callable[[str, int, int], None]
"""Told how far a part of the work is: what is done, how many of how many."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Videos that stood on another side in the split before."""

    before: str
    now: str
    videos: int


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What a split came to."""

    counts: tuple[Cardinality, ...]
    groups: int
    largest_group: int
    """In videos."""
    proven: bool
    """Whether it was proved that no other choice of sides is better balanced."""
    set_aside: tuple[SetAside, ...]
    swallowed: tuple[Swallowed, ...]
    moved: tuple[Moved, ...]
    unusable: tuple[str, ...]
    """Crops from which nobody could be told, and why."""
    audit: "Audit"


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a video is in its group."""

    path: str
    group_id: str
    side: str
    """Empty where the video is on none yet."""
    steps: tuple[Step, ...]
    """The joins that reach every other video of the group, nearest first."""


def split_dataset(
    dataset: StrPath,
    *,
    fresh: bool = False,
    assign: StrPath | None = None,
    cuts: Sequence[str] = (),
    tell: Tell = lambda *_: None,
    **settings: object,
) -> SplitSummary:
    """Write manifests that part no person, name or picture, and balance classes and resolution.

    ``settings`` are fields of :class:`SplitSettings`; those given are kept in the dataset's
    ``dsbuild.toml``. Videos keep the side of the split before, unless ``fresh``. ``assign``
    is a CSV of sides that are given, and begins anew too. ``cuts`` are pairs ``A,B`` of videos
    that are not to be joined for their looks; they are kept.

    Raises :class:`DsbuildError`; the manifests are then what they were.
    """
    from deepfake_dataset.split.assignment.given_split import read_pins
    from deepfake_dataset.split.links.cannot_link_file import keep_cuts
    from deepfake_dataset.split.manifests.publish import holding, making, publish
    from deepfake_dataset.split.manifests.split_record import record_of
    from deepfake_dataset.split.plan import plan_split

    assign = optional_path(assign, "assign")
    opened = Dataset.open(dataset)
    opened = replace(opened, settings=opened.settings.override(**settings))
    manifests = opened.root / "manifests"
    with holding(manifests):
        before = _sides_before(manifests, anew=fresh)
        known = {} if fresh or assign else before.copy()
        evidence = _look(opened, cuts, tell)
        joined = evidence.joined
        held = read_pins(assign, joined.videos) if assign else _held(joined, known)
        known |= _words(joined, held)
        plan = plan_split(joined, opened.settings.split, held)
        with making(manifests) as folder:
            audit = _write(folder, plan, opened, evidence.cuts)
            # What was asked for comes first: a kill in between must not lose it.
            keep_cuts(opened.root / CUTS, evidence.new_cuts)
            _keep_settings(opened)
            record = publish(
                folder,
                lambda files: record_of(
                    plan, opened.settings.split, known, files, pinned=assign is not None
                ),
            )
        draw_audit(opened.root, audit)
    return _summary(record, before, evidence.unusable, audit, plan.proven)


def explain_video(video: str, dataset: StrPath, *, tell: Tell = lambda *_: None) -> Explained:
    """Why a video is in its group; it may be named by id, by path or by the end of its path.

    Raises :class:`DsbuildError`.
    """
    from deepfake_dataset.split.assignment.given_split import find_video
    from deepfake_dataset.split.links.explain import explain
    from deepfake_dataset.split.links.must_link import groups_of

    opened = Dataset.open(dataset)
    joined = _look(opened, (), tell).joined
    videos = joined.videos
    found = find_video(video, videos)
    group = int(groups_of(joined.bonds, len(videos))[found])
    sides = _sides_before(opened.root / "manifests", anew=False)
    return Explained(
        path=videos.paths[found],
        group_id=videos.ids[group],
        side=sides.get(videos.ids[found], ""),
        steps=explain(found, videos, joined.bonds),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """What binds the videos of a dataset."""

    joined: "Joined"
    cuts: "set[Pair]"
    """All that people have cut."""
    new_cuts: list["Pair"]
    unusable: tuple[str, ...]


def _look(dataset: Dataset, cuts: Sequence[str], tell: Tell) -> _Evidence:
    """Look at names and pictures; ``cuts`` as a person wrote them."""
    from deepfake_dataset.dataset.decisions import apply_decisions, read_decisions
    from deepfake_dataset.dataset.face_table import read_faces
    from deepfake_dataset.split.links.cannot_link_file import parse_cut, read_cuts
    from deepfake_dataset.split.plan import join_videos
    from deepfake_dataset.split.similarity.near_duplicates import find_duplicates
    from deepfake_dataset.split.similarity.person_clusters import find_people
    from deepfake_dataset.split.video_table import usable, videos_of

    settings = dataset.settings.split
    reviewed = apply_decisions(read_faces(dataset), read_decisions(dataset))
    faces = usable(reviewed, reviewed_only=settings.reviewed_only)
    videos = videos_of(faces)
    new = [parse_cut(cut, videos) for cut in cuts]
    pairs = read_cuts(dataset.root / CUTS, videos).union(new)
    people = find_people(dataset, faces, cuts=pairs, tell=tell)
    duplicates = find_duplicates(dataset, faces, cuts=pairs, tell=tell)
    faces = faces.append_column("person", people.person).append_column("phash", duplicates.phash)
    unusable = dict.fromkeys(
        f"{found.crop}: {found.problem}" for found in (*people.unusable, *duplicates.unusable)
    )
    joined = join_videos(faces, (*people.joins, *duplicates.joins), settings)
    return _Evidence(joined, pairs, new, tuple(unusable))


def _sides_before(manifests: Path, *, anew: bool) -> dict[str, str]:
    """The side of each video in the split that stands; ``anew``, one that is damaged is none."""
    from deepfake_dataset.split.manifests.publish import read_record

    try:
        record = read_record(manifests)
    except SplitError:
        if anew:
            return {}
        raise
    return {placed.video_id: placed.side for placed in record.videos} if record else {}


def _held(joined: "Joined", known: dict[str, str]) -> NDArray[np.int8]:
    from deepfake_dataset.split.assignment.sides import Side, side_named

    sides = (side_named(known.get(video_id, "")) for video_id in joined.videos.ids)
    return np.array([Side.FREE if side is None else side for side in sides], np.int8)


def _words(joined: "Joined", held: NDArray[np.int8]) -> dict[str, str]:
    from deepfake_dataset.split.assignment.sides import Side

    named = zip(joined.videos.ids, held.tolist(), strict=True)
    return {video_id: Side(side).word for video_id, side in named if side != Side.FREE}


def _write(folder: Path, plan: "Plan", dataset: Dataset, cuts: "set[Pair]") -> "Audit":
    """Write manifests and their audit; raises LeakError where anything crosses."""
    from deepfake_dataset.dataset.manifest import read_manifest, write_manifest
    from deepfake_dataset.split.assignment.sides import Side
    from deepfake_dataset.split.audit.audit_record import audit_split, write_audit
    from deepfake_dataset.split.audit.external_sets import Listing
    from deepfake_dataset.split.manifests.manifest_rows import manifest_rows
    from deepfake_dataset.split.plan import positions_of

    listings = []
    for name, side in ((f"{Side(side).word}.csv", side) for side in plan.sides):
        write_manifest(folder / name, manifest_rows(plan, side))
        shown = dataset.root / "manifests" / name
        listings.append(Listing(shown.stem, shown, read_manifest(folder / name), dataset.root))
    audit = audit_split(
        listings,
        plan.joined.faces,
        plan.group_of_face(),
        plan.drawn,
        positions=positions_of(dataset.settings.split),
        cuts=cuts,
    )
    audit.leakage.refuse()
    write_audit(folder / "audit.json", audit)
    return audit


def _keep_settings(dataset: Dataset) -> None:
    path = dataset.root / SETTINGS_FILE
    if Dataset.open(dataset.root).settings != dataset.settings:
        with writing(path):
            write_settings(path, dataset.settings)


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
