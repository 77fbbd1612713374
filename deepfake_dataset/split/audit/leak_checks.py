"""Leak checks: whether a file, person or picture stands on two sides; from manifests alone."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.errors import LeakError
from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide
from deepfake_dataset.split.links.shared_names import fold_name, position_matcher
from deepfake_dataset.split.links.spanning_forest import Edges
from deepfake_dataset.split.similarity.near_duplicates import near_pairs, nearest_of_each
from deepfake_dataset.split.similarity.perceptual_hash import BITS, Hash, hash_from_hex

_SHOWN = 20
"""Leaks of a kind that are kept; the others are counted."""
_NAMED = 3
"""Of them, in the error."""


class LeakKind(StrEnum):
    """What may not stand on two sides."""

    FILE = "file"
    CROP = "crop"
    VIDEO = "video"
    GROUP = "group"
    NAME = "name"
    PERSON = "person"
    DUPLICATE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Leak:
    """Two rows that share what they may not."""

    what: str
    """The id, the name, or how near two pictures are."""
    one: str
    """File and row, and the row's path."""
    other: str


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """One kind of thing, looked for between all sides."""

    kind: LeakKind
    compared: int
    """Rows that say it, on all sides."""
    crossings: int
    """Things found on two sides."""
    shown: tuple[Leak, ...] = ()
    """The first of them."""
    unchecked: str = ""
    """Why it could not be looked for; empty where it was."""


@dataclass(frozen=True, slots=True)
class SideRows:
    """Rows of one side."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Leakage:
    """What was looked for, and what was found."""

    sides: tuple[SideRows, ...]
    checks: tuple[LeakCheck, ...]

    @property
    def crossings(self) -> int:
        """Of all kinds."""
        return sum(check.crossings for check in self.checks)

    def refuse(self) -> None:
        """Raise LeakError, which names the rows, where anything crosses."""
        found = [check for check in self.checks if check.crossings]
        if not found:
            return
        lines = [f"{self.crossings} crossings between {' and '.join(s.name for s in self.sides)}"]
        for check in found:
            lines += [
                f"{check.kind} {c.what}\n  {c.one}\n  {c.other}" for c in check.shown[:_NAMED]
            ]
            if check.crossings > _NAMED:
                lines.append(f"and {check.crossings - _NAMED} more of this kind")
        raise LeakError(
            "\n".join(lines),
            "keep what they share on one side: dsbuild split does; for other people's manifests"
            " move or delete one row of each pair",
        )


def find_leaks(
    audited: Sequence[AuditedSide],
    *,
    positions: Collection[str] = (),
    cannot_links: Collection[frozenset[str]] = (),
    threads: int = 1,
) -> Leakage:
    """Look for everything between every two sides.

    ``positions`` are names, or patterns of them, that are not people's. ``cannot_links`` are pairs
    of video ids that a person said to be others, whatever their pictures look like.
    """
    is_position = position_matcher(positions)
    checks = [
        _check(
            LeakKind.FILE,
            audited,
            _files(audited),
            "the images of two sides are not below one folder",
        ),
        _check(
            LeakKind.CROP, audited, _column("sha256"), "no sha256, and no images to take it from"
        ),
        _check(LeakKind.VIDEO, audited, _column("video_id"), "no row has a video_id"),
        _check(LeakKind.GROUP, audited, _column("group_id"), "no row has a group_id"),
        _check(LeakKind.NAME, audited, _names(is_position), "no row names a target or donor"),
        _check(LeakKind.PERSON, audited, _column("person"), "no row names a person"),
        _duplicates(audited, cannot_links, threads),
    ]
    sides = tuple(SideRows(side.name, side.rows.num_rows) for side in audited)
    return Leakage(sides, tuple(checks))


Values = tuple[pa.ChunkedArray, NDArray[np.int64]]
"""What rows share, and the row of each; empty and null ones left out."""
ReadValues = Callable[[AuditedSide], Values]


def _check(
    kind: LeakKind, audited: Sequence[AuditedSide], read: ReadValues, missing: str
) -> LeakCheck:
    values_of = [read(side) for side in audited]
    compared = sum(int(np.count_nonzero(np.bincount(rows))) for _, rows in values_of)
    if sum(len(values) > 0 for values, _ in values_of) < 2:
        return LeakCheck(kind, compared, 0, unchecked=missing)
    found = list(_shared(audited, values_of))
    return LeakCheck(kind, compared, len(found), tuple(found[:_SHOWN]))


def _shared(audited: Sequence[AuditedSide], values_of: Sequence[Values]) -> Iterator[Leak]:
    """Each value of two sides, with the first row that has it on either."""
    for i, j in combinations(range(len(audited)), 2):
        (one, rows), (other, other_rows) = values_of[i], values_of[j]
        both = pc.unique(one.filter(pc.is_in(one, other)))
        at = rows[pc.index_in(both, one).to_numpy()] if len(both) else rows[:0]
        there = other_rows[pc.index_in(both, other).to_numpy()] if len(both) else rows[:0]
        for value, a, b in sorted(zip(both.to_pylist(), at.tolist(), there.tolist(), strict=True)):
            yield Leak(value, audited[i].place(a), audited[j].place(b))


def _given(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> Values:
    given = pc.fill_null(pc.not_equal(column, ""), False)
    return column.filter(given), rows[given.to_numpy()]


def _column(name: str) -> ReadValues:
    return lambda side: _given(side.rows[name], np.arange(side.rows.num_rows))


def _files(audited: Sequence[AuditedSide]) -> ReadValues:
    """Paths, where they count from one folder; elsewhere the same one is another file."""
    roots = {side.root for side in audited}
    return _column("path") if len(roots) == 1 and None not in roots else _nothing


def _nothing(side: AuditedSide) -> Values:
    return side.rows["path"].slice(0, 0), np.empty(0, np.int64)


def _names(is_position: Callable[[str], bool]) -> ReadValues:
    """Targets and donors, which are people either way."""

    def read(side: AuditedSide) -> Values:
        rows = np.arange(side.rows.num_rows)
        columns = [_folded(side.rows[name], is_position) for name in ("target", "donor")]
        both = pa.chunked_array([*columns[0].chunks, *columns[1].chunks], pa.string())
        return _given(both, np.concatenate([rows, rows]))

    return read


def _folded(column: pa.ChunkedArray, is_position: Callable[[str], bool]) -> pa.ChunkedArray:
    """Names that differ in case or in how a letter is composed are one."""
    coded = column.combine_chunks().dictionary_encode()
    names = [fold_name(name or "") for name in coded.dictionary.to_pylist()]
    people = pa.array(["" if is_position(name) else name for name in names], pa.string())
    return pa.chunked_array([people.take(coded.indices)])


def _duplicates(
    audited: Sequence[AuditedSide], cannot_links: Collection[frozenset[str]], threads: int
) -> LeakCheck:
    hashes = [hash_from_hex(side.rows["phash"]) for side in audited]
    compared = sum(int(rows.any(axis=1).sum()) for rows in hashes)
    if sum(bool(rows.any()) for rows in hashes) < 2:
        return LeakCheck(
            LeakKind.DUPLICATE, compared, 0, unchecked="no phash, and no images to take it of"
        )
    found: list[tuple[float, str, str]] = []
    for i, j in combinations(range(len(audited)), 2):
        one, other = audited[i], audited[j]
        edges = _nearest_pairs(hashes[i], hashes[j], _owners(one), _owners(other), threads)
        for a, b, bits in zip(*(column.tolist() for column in edges.columns), strict=True):
            if _videos(one, a, other, b) not in cannot_links:
                found.append((bits, one.place(a), other.place(b)))
    shown = (Leak(f"{bits:g} of {BITS} bits differ", a, b) for bits, a, b in sorted(found))
    return LeakCheck(LeakKind.DUPLICATE, compared, len(found), tuple(shown)[:_SHOWN])


def _nearest_pairs(
    one: Hash,
    other: Hash,
    owners: NDArray[np.int64],
    other_owners: NDArray[np.int64],
    threads: int,
) -> Edges:
    edges = Edges.none()
    for near in near_pairs(one, other, threads=threads):
        edges += Edges(near.a, near.b, near.bits.astype(np.float64))
        edges = nearest_of_each(edges, owners, other_owners)
    return edges


def _owners(side: AuditedSide) -> NDArray[np.int64]:
    """A number for each row's video; where no video is known a row stands for itself."""
    coded = side.rows["video_id"].combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return np.where(codes < 0, np.arange(len(codes)) + len(coded.dictionary), codes)


def _videos(one: AuditedSide, a: int, other: AuditedSide, b: int) -> frozenset[str]:
    return frozenset((one.rows["video_id"][a].as_py(), other.rows["video_id"][b].as_py()))
