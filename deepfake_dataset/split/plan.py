"""Plans a split: groups of videos, the side of each, and which faces are chosen; without I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.errors import SplitError
from deepfake_dataset.records import Label
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.assign_groups import Assignment, SideProblem, assign_groups
from deepfake_dataset.split.assignment.growing_split import CrossLink, grow_split
from deepfake_dataset.split.assignment.sides_and_shares import Side, shares_of
from deepfake_dataset.split.balance.resolution_bins import (
    RESOLUTION,
    BinnedColumn,
    balanced_columns,
    bin_column,
    joint_cells,
)
from deepfake_dataset.split.balance.subsample_faces import subsample, video_hashes
from deepfake_dataset.split.links.must_link import MustLink
from deepfake_dataset.split.links.oversized_groups import OversizedGroup, oversized_groups
from deepfake_dataset.split.links.video_groups import LinkGraph, connected_groups, link_graph
from deepfake_dataset.split.video_table import VideoTable, usable_faces, videos_of

_CLASS, _CLASS_IN_BIN, _KIND = 4, 2, 1
"""What a face off its share costs: in its class, in its class and bin, in its method or codec.
Shares and classes come first, the balance of resolution next, the rest as far as groups allow."""
_KINDS = ("method", "codec")


@dataclass(frozen=True, slots=True, eq=False)
class LinkedVideos:
    """Faces that may be split, their videos, and what ties these together."""

    faces: pa.Table
    videos: VideoTable
    graph: LinkGraph


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A split."""

    linked: LinkedVideos
    side: NDArray[np.int8]
    """Of each video: a side, or aside."""
    group: NDArray[np.int64]
    """Of each video: the position of its group's first video."""
    cross_links: tuple[CrossLink, ...]
    """Why videos are aside."""
    oversized: tuple[OversizedGroup, ...]
    selected: NDArray[np.bool_]
    """Which faces are in the manifests."""
    resolution: BinnedColumn
    """By face."""
    proven: bool
    """Whether no choice of sides is better."""

    @property
    def sides(self) -> list[int]:
        """Codes of the sides that have videos."""
        codes: list[int] = np.unique(self.side[self.side >= 0]).tolist()
        return codes

    def group_of_face(self) -> list[str]:
        """The id of each face's group."""
        names = np.array(self.linked.videos.ids, object)[self.group]
        groups: list[str] = names[self.linked.videos.of_face].tolist()
        return groups


def positions_of(settings: SplitSettings) -> list[str]:
    """The names that are not people's."""
    return [name.strip() for name in settings.positions.split(",") if name.strip()]


def link_videos(
    faces: pa.Table,
    links: Iterable[MustLink],
    settings: SplitSettings,
) -> LinkedVideos:
    """The faces that settings allow, and what ties their videos together.

    ``faces`` as from :func:`deepfake_dataset.dataset.decisions.apply_decisions`. Raises SplitError
    where there are no faces, or faces of one class only.
    """
    chosen = usable_faces(faces, reviewed_only=settings.reviewed_only)
    videos = videos_of(chosen)
    graph = link_graph(videos, links, positions=positions_of(settings))
    return LinkedVideos(chosen, videos, graph)


def plan_split(linked: LinkedVideos, settings: SplitSettings, fixed_side: NDArray[np.int8]) -> Plan:
    """Split the videos; those that have a side in ``fixed_side`` keep it or are set aside.

    Raises SplitError where no split is possible.
    """
    faces, videos = linked.faces, linked.videos
    shares = shares_of(settings, fixed_side)
    grown = grow_split(linked.graph, fixed_side)
    placed = grown.side != Side.ASIDE
    group = connected_groups(linked.graph.among(placed), len(videos))
    oversized = oversized_groups(videos, linked.graph, connected_groups(linked.graph, len(videos)))
    names = balanced_columns(settings.balance, faces)
    columns = {
        name: bin_column(faces, name, settings.balance_bins)
        for name in dict.fromkeys((*names, RESOLUTION))
    }
    scales = tuple(columns.values())
    problem = _side_problem(
        linked, grown.side, group, shares, scales, settings.split_seed, balanced=bool(names)
    )
    _refuse_too_few(problem, oversized)
    assignment = assign_groups(problem)
    side = _side_of_videos(grown.side, group, assignment)
    selected = _selected_faces(linked, side, columns, settings)
    return Plan(
        linked,
        side,
        group,
        grown.cross_links,
        oversized,
        selected,
        columns[RESOLUTION],
        assignment.proven,
    )


def _side_problem(
    linked: LinkedVideos,
    side: NDArray[np.int8],
    group: NDArray[np.int64],
    shares: tuple[Fraction, ...],
    columns: Sequence[BinnedColumn],
    seed: int,
    balanced: bool,
) -> SideProblem:
    placed = side != Side.ASIDE
    groups, at = np.unique(group[placed], return_inverse=True)
    of_video = np.full(len(group), len(groups))
    of_video[placed] = at
    of_face = of_video[linked.videos.of_face]
    fixed_side = np.full(len(groups), Side.FREE, np.int8)
    np.maximum.at(fixed_side, at, side[placed])
    tables, weights = [], []
    for codes, number, weight in _features(linked.faces, columns):
        flat = np.bincount(of_face * number + codes, minlength=(len(groups) + 1) * number)
        tables.append(flat.reshape(-1, number)[: len(groups)])
        weights += [weight] * number
    # Faces of one class alone in a bin cannot be chosen, so classes should meet on every side.
    bins = columns[0].scale.bins
    tables.append(tables[1][:, bins:] - tables[1][:, :bins])
    weights += [_CLASS_IN_BIN] * bins
    return SideProblem(
        np.hstack(tables), bins if balanced else 0, np.array(weights), shares, fixed_side, seed
    )


def _features(
    faces: pa.Table, columns: Sequence[BinnedColumn]
) -> Iterable[tuple[NDArray[np.int64], int, int]]:
    """What is counted of a group: codes by face, how many there are, and their weight."""
    real = _real(faces).astype(np.int64)
    yield real, 2, _CLASS
    for column in columns:
        bins = column.scale.bins
        yield real * bins + column.bin, 2 * bins, _CLASS_IN_BIN
    for name in _KINDS:
        kind = bin_column(faces, name, 1)
        yield kind.bin.astype(np.int64), kind.scale.bins, _KIND


def _real(faces: pa.Table) -> NDArray[np.bool_]:
    real: NDArray[np.bool_] = pc.equal(faces["label"], str(Label.REAL)).to_numpy()
    return real


def _refuse_too_few(problem: SideProblem, oversized: Sequence[OversizedGroup]) -> None:
    """Every side needs a group with real faces and one with fake ones; it may be the same."""
    free, some = problem.fixed_side == Side.FREE, problem.counts[:, :2] > 0
    lacks = np.array(
        [~some[problem.fixed_side == s].any(axis=0) for s in range(len(problem.shares))]
    )
    both, only_fake, only_real = (
        int((free & (some == which).all(axis=1)).sum()) for which in ([1, 1], [1, 0], [0, 1])
    )
    empty = int(lacks.all(axis=1).sum())
    fake, real = (int(lacks[:, c].sum()) - empty for c in (0, 1))
    pairs = min(max(0, only_fake - fake), max(0, only_real - real))
    short = max(0, fake - only_fake) + max(0, real - only_real)
    missing = empty + short - both - pairs
    if missing <= 0:
        return
    hint = _remedy(oversized)
    if not free.all():
        hint += "; or begin anew with --fresh"
    sides = ", ".join(side.word for side in Side if 0 <= side < len(problem.shares))
    number = len(problem.fixed_side)
    groups = "all videos are in one group" if number == 1 else f"there are {number} groups"
    raise SplitError(
        f"{sides} each need real and fake faces of their own, and {groups}:"
        f" {missing} more with both {'is' if missing == 1 else 'are'} needed",
        hint,
    )


def _remedy(oversized: Sequence[OversizedGroup]) -> str:
    links = [link for group in oversized for link in group.links[:1]]
    if not links:
        return (
            "add videos of other people, or do without validation: --val 0;"
            " dsbuild split --explain VIDEO says why videos are in one group"
        )
    link = min(links, key=lambda link: link.largest)
    return (
        f"add videos of other people; or, if it is wrong that {link.joined} videos are joined as"
        f" {link.reason} ({link.detail}): {link.remedy}"
    )


def _side_of_videos(
    grown: NDArray[np.int8], group: NDArray[np.int64], assignment: Assignment
) -> NDArray[np.int8]:
    placed = grown != Side.ASIDE
    side = grown.copy()
    _, at = np.unique(group[placed], return_inverse=True)
    side[placed] = assignment.side[at]
    return side


def _selected_faces(
    linked: LinkedVideos,
    side: NDArray[np.int8],
    columns: dict[str, BinnedColumn],
    settings: SplitSettings,
) -> NDArray[np.bool_]:
    faces, videos = linked.faces, linked.videos
    of_face, real = side[videos.of_face], _real(faces)
    names = balanced_columns(settings.balance, faces)
    if not names:
        return of_face >= 0
    cell, _ = joint_cells(tuple(columns[name] for name in names), len(of_face))
    scene = faces["scene"].to_numpy()
    selected = subsample(
        of_face, real, cell, videos.of_face, scene, video_hashes(videos.ids, settings.split_seed)
    )
    for code in np.unique(of_face[of_face >= 0]).tolist():
        if not selected[of_face == code].any():
            raise SplitError(
                f"no bin of {settings.balance} has faces of both classes in {Side(code).word}",
                "take fewer bins (balance_bins in dsbuild.toml) or columns (--balance),"
                " or add videos",
            )
    return selected
