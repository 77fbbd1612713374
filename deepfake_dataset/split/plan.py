"""From faces and joins to a split: groups, sides, faces drawn. Nothing is read or written here."""

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
from deepfake_dataset.split.assignment.assign import Assignment, Task, assign
from deepfake_dataset.split.assignment.growing_split import Tie, settle
from deepfake_dataset.split.assignment.sides import Side
from deepfake_dataset.split.balance.balance_bins import (
    RESOLUTION,
    Binned,
    balanced_columns,
    binned,
    joint,
)
from deepfake_dataset.split.balance.subsample import draw, lots
from deepfake_dataset.split.links.must_link import Bonds, bonds_of, groups_of
from deepfake_dataset.split.links.oversized_groups import Swallowed, swallowed
from deepfake_dataset.split.links.reasons import Join
from deepfake_dataset.split.video_table import Videos, usable, videos_of

_CLASS, _CLASS_IN_BIN, _KIND = 4, 2, 1
"""What a face off its share costs: in its class, in its class and bin, in its method or codec.
Shares and classes come first, the balance of resolution next, the rest as far as groups allow."""
_KINDS = ("method", "codec")


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Faces that may be split, their videos, and what binds these."""

    faces: pa.Table
    videos: Videos
    bonds: Bonds


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A split."""

    joined: Joined
    side: NDArray[np.int8]
    """Of each video: a side, or aside."""
    group: NDArray[np.int64]
    """Of each video: the position of its group's first video."""
    ties: tuple[Tie, ...]
    """Why videos are aside."""
    swallowed: tuple[Swallowed, ...]
    drawn: NDArray[np.bool_]
    """Which faces are in the manifests."""
    resolution: Binned
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
        names = np.array(self.joined.videos.ids, object)[self.group]
        groups: list[str] = names[self.joined.videos.of_face].tolist()
        return groups


def positions_of(settings: SplitSettings) -> list[str]:
    """The names that are not people's."""
    return [name.strip() for name in settings.positions.split(",") if name.strip()]


def join_videos(
    faces: pa.Table,
    joins: Iterable[Join],
    settings: SplitSettings,
) -> Joined:
    """The faces that settings allow, and what binds their videos.

    ``faces`` as from :func:`deepfake_dataset.dataset.decisions.apply_decisions`. Raises SplitError
    where there are no faces, or faces of one class only.
    """
    chosen = usable(faces, reviewed_only=settings.reviewed_only)
    videos = videos_of(chosen)
    bonds = bonds_of(videos, joins, positions=positions_of(settings))
    return Joined(chosen, videos, bonds)


def plan_split(joined: Joined, settings: SplitSettings, held: NDArray[np.int8]) -> Plan:
    """Split the videos; those that have a side in ``held`` keep it or are set aside.

    Raises SplitError where no split is possible.
    """
    faces, videos = joined.faces, joined.videos
    shares = shares_of(settings, held)
    settled = settle(joined.bonds, held)
    placed = settled.side != Side.ASIDE
    group = groups_of(joined.bonds.among(placed), len(videos))
    chains = swallowed(videos, joined.bonds, groups_of(joined.bonds, len(videos)))
    names = balanced_columns(settings.balance, faces)
    columns = {
        name: binned(faces, name, settings.balance_bins)
        for name in dict.fromkeys((*names, RESOLUTION))
    }
    scales = tuple(columns.values())
    task = _task(
        joined, settled.side, group, shares, scales, settings.split_seed, balanced=bool(names)
    )
    _refuse_too_few(task, chains)
    assignment = assign(task)
    side = _side_of_videos(settled.side, group, assignment)
    drawn = _drawn(joined, side, columns, settings)
    return Plan(
        joined, side, group, settled.ties, chains, drawn, columns[RESOLUTION], assignment.proven
    )


def shares_of(settings: SplitSettings, held: NDArray[np.int8]) -> tuple[Fraction, ...]:
    """The share of each side by its code.

    Raises SplitError where they do not add up, or a side that has videos would have none.
    """
    test, val = Fraction(str(settings.test_share)), Fraction(str(settings.val_share))
    train = 1 - test - val
    if train <= 0:
        raise SplitError(
            f"a test share of {settings.test_share:g} and a validation share of"
            f" {settings.val_share:g} leave nothing to train on",
            "the two must add up to less than 1",
        )
    if val:
        return train, test, val
    if kept := int((held == Side.VAL).sum()):
        raise SplitError(
            f"{kept} videos are in val since an earlier split, and no share is left for it",
            "give --val a share, or begin anew with --fresh",
        )
    return train, test


def _task(
    joined: Joined,
    side: NDArray[np.int8],
    group: NDArray[np.int64],
    shares: tuple[Fraction, ...],
    columns: Sequence[Binned],
    seed: int,
    balanced: bool,
) -> Task:
    placed = side != Side.ASIDE
    groups, at = np.unique(group[placed], return_inverse=True)
    of_video = np.full(len(group), len(groups))
    of_video[placed] = at
    of_face = of_video[joined.videos.of_face]
    held = np.full(len(groups), Side.FREE, np.int8)
    np.maximum.at(held, at, side[placed])
    tables, weights = [], []
    for codes, number, weight in _features(joined.faces, columns):
        flat = np.bincount(of_face * number + codes, minlength=(len(groups) + 1) * number)
        tables.append(flat.reshape(-1, number)[: len(groups)])
        weights += [weight] * number
    # Faces of one class alone in a bin cannot be drawn, so classes should meet on every side.
    bins = columns[0].scale.bins
    tables.append(tables[1][:, bins:] - tables[1][:, :bins])
    weights += [_CLASS_IN_BIN] * bins
    return Task(np.hstack(tables), bins if balanced else 0, np.array(weights), shares, held, seed)


def _features(
    faces: pa.Table, columns: Sequence[Binned]
) -> Iterable[tuple[NDArray[np.int64], int, int]]:
    """What is counted of a group: codes by face, how many there are, and their weight."""
    real = _real(faces).astype(np.int64)
    yield real, 2, _CLASS
    for column in columns:
        bins = column.scale.bins
        yield real * bins + column.bin, 2 * bins, _CLASS_IN_BIN
    for name in _KINDS:
        kind = binned(faces, name, 1)
        yield kind.bin.astype(np.int64), kind.scale.bins, _KIND


def _real(faces: pa.Table) -> NDArray[np.bool_]:
    real: NDArray[np.bool_] = pc.equal(faces["label"], str(Label.REAL)).to_numpy()
    return real


def _refuse_too_few(task: Task, chains: Sequence[Swallowed]) -> None:
    """Every side needs a group with real faces and one with fake ones; it may be the same."""
    free, some = task.held == Side.FREE, task.counts[:, :2] > 0
    lacks = np.array([~some[task.held == s].any(axis=0) for s in range(len(task.shares))])
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
    hint = _what_parts(chains)
    if not free.all():
        hint += "; or begin anew with --fresh"
    sides = ", ".join(side.word for side in Side if 0 <= side < len(task.shares))
    number = len(task.held)
    groups = "all videos are in one group" if number == 1 else f"there are {number} groups"
    raise SplitError(
        f"{sides} each need real and fake faces of their own, and {groups}:"
        f" {missing} more with both {'is' if missing == 1 else 'are'} needed",
        hint,
    )


def _what_parts(chains: Sequence[Swallowed]) -> str:
    links = [link for chain in chains for link in chain.links[:1]]
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
    settled: NDArray[np.int8], group: NDArray[np.int64], assignment: Assignment
) -> NDArray[np.int8]:
    placed = settled != Side.ASIDE
    side = settled.copy()
    _, at = np.unique(group[placed], return_inverse=True)
    side[placed] = assignment.side[at]
    return side


def _drawn(
    joined: Joined,
    side: NDArray[np.int8],
    columns: dict[str, Binned],
    settings: SplitSettings,
) -> NDArray[np.bool_]:
    faces, videos = joined.faces, joined.videos
    of_face, real = side[videos.of_face], _real(faces)
    names = balanced_columns(settings.balance, faces)
    if not names:
        return of_face >= 0
    cell, _ = joint(tuple(columns[name] for name in names), len(of_face))
    scene = faces["scene"].to_numpy()
    drawn = draw(of_face, real, cell, videos.of_face, scene, lots(videos.ids, settings.split_seed))
    for code in np.unique(of_face[of_face >= 0]).tolist():
        if not drawn[of_face == code].any():
            raise SplitError(
                f"no bin of {settings.balance} has faces of both classes in {Side(code).word}",
                "take fewer bins (balance_bins in dsbuild.toml) or columns (--balance),"
                " or add videos",
            )
    return drawn
