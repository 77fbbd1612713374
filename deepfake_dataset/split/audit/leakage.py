"""Whether anything stands on two sides of a split: told from its manifests alone."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.errors import LeakError
from deepfake_dataset.split.audit.external_sets import Listing
from deepfake_dataset.split.links.spanning_forest import Links
from deepfake_dataset.split.similarity.near_duplicates import near_pairs, nearest
from deepfake_dataset.split.similarity.perceptual_hash import BITS, Hash, from_text

_SHOWN = 20
"""Crossings of a kind that are kept; the others are counted."""
_NAMED = 3
"""Of them, in the error."""


class Kind(StrEnum):
    """What may not stand on two sides."""

    FILE = "file"
    CROP = "crop"
    VIDEO = "video"
    GROUP = "group"
    NAME = "name"
    PERSON = "person"
    DUPLICATE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two rows that share what they may not."""

    what: str
    """The id, the name, or how near two pictures are."""
    one: str
    """File and row, and the row's path."""
    other: str


@dataclass(frozen=True, slots=True)
class Check:
    """One kind of thing, looked for between all sides."""

    kind: Kind
    compared: int
    """Rows that say it, on all sides."""
    crossings: int
    """Things found on two sides."""
    shown: tuple[Crossing, ...] = ()
    """The first of them."""
    unchecked: str = ""
    """Why it could not be looked for; empty where it was."""


@dataclass(frozen=True, slots=True)
class Count:
    """Rows of one side."""

    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Leakage:
    """What was looked for, and what was found."""

    sides: tuple[Count, ...]
    checks: tuple[Check, ...]

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
    listings: Sequence[Listing],
    *,
    positions: Collection[str] = (),
    cuts: Collection[frozenset[str]] = (),
) -> Leakage:
    """Look for everything between every two sides.

    ``positions`` are names, or patterns of them, that are not people's. ``cuts`` are pairs of
    video ids that a person said to be others, whatever their pictures look like.
    """
    is_position = _matcher(positions)
    checks = [
        _check(
            Kind.FILE,
            listings,
            _files(listings),
            "the images of two sides are not below one folder",
        ),
        _check(Kind.CROP, listings, _column("sha256"), "no sha256, and no images to take it from"),
        _check(Kind.VIDEO, listings, _column("video_id"), "no row has a video_id"),
        _check(Kind.GROUP, listings, _column("group_id"), "no row has a group_id"),
        _check(Kind.NAME, listings, _names(is_position), "no row names a target or donor"),
        _check(Kind.PERSON, listings, _column("person"), "no row names a person"),
        _duplicates(listings, cuts),
    ]
    sides = tuple(Count(side.name, side.rows.num_rows) for side in listings)
    return Leakage(sides, tuple(checks))


Values = tuple[pa.ChunkedArray, NDArray[np.int64]]
"""What rows share, and the row of each; empty and null ones left out."""
Reader = Callable[[Listing], Values]


def _check(kind: Kind, listings: Sequence[Listing], read: Reader, missing: str) -> Check:
    said = [read(listing) for listing in listings]
    compared = sum(int(np.count_nonzero(np.bincount(rows))) for _, rows in said)
    if sum(len(values) > 0 for values, _ in said) < 2:
        return Check(kind, compared, 0, unchecked=missing)
    found = list(_shared(listings, said))
    return Check(kind, compared, len(found), tuple(found[:_SHOWN]))


def _shared(listings: Sequence[Listing], said: Sequence[Values]) -> Iterator[Crossing]:
    """Each value of two sides, with the first row that has it on either."""
    for i, j in combinations(range(len(listings)), 2):
        (one, rows), (other, other_rows) = said[i], said[j]
        both = pc.unique(one.filter(pc.is_in(one, other)))
        at = rows[pc.index_in(both, one).to_numpy()] if len(both) else rows[:0]
        there = other_rows[pc.index_in(both, other).to_numpy()] if len(both) else rows[:0]
        for value, a, b in sorted(zip(both.to_pylist(), at.tolist(), there.tolist(), strict=True)):
            yield Crossing(value, listings[i].place(a), listings[j].place(b))


def _said(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> Values:
    told = pc.fill_null(pc.not_equal(column, ""), False)
    return column.filter(told), rows[told.to_numpy()]


def _column(name: str) -> Reader:
    return lambda listing: _said(listing.rows[name], np.arange(listing.rows.num_rows))


def _files(listings: Sequence[Listing]) -> Reader:
    """Paths, where they count from one folder; elsewhere the same one is another file."""
    roots = {listing.root for listing in listings}
    return _column("path") if len(roots) == 1 and None not in roots else _nothing


def _nothing(listing: Listing) -> Values:
    return listing.rows["path"].slice(0, 0), np.empty(0, np.int64)


def _names(is_position: Callable[[str], bool]) -> Reader:
    """Targets and donors, which are people either way."""

    def read(listing: Listing) -> Values:
        rows = np.arange(listing.rows.num_rows)
        columns = [_folded(listing.rows[name], is_position) for name in ("target", "donor")]
        both = pa.chunked_array([*columns[0].chunks, *columns[1].chunks], pa.string())
        return _said(both, np.concatenate([rows, rows]))

    return read


def _folded(column: pa.ChunkedArray, is_position: Callable[[str], bool]) -> pa.ChunkedArray:
    """Names that differ in case or in how a letter is composed are one."""
    coded = column.combine_chunks().dictionary_encode()
    names = [_fold(name or "") for name in coded.dictionary.to_pylist()]
    people = pa.array(["" if is_position(name) else name for name in names], pa.string())
    return pa.chunked_array([people.take(coded.indices)])


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


def _matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    folded = [_fold(pattern) for pattern in patterns]
    return lambda name: any(fnmatchcase(name, pattern) for pattern in folded)


def _duplicates(listings: Sequence[Listing], cuts: Collection[frozenset[str]]) -> Check:
    hashes = [from_text(listing.rows["phash"]) for listing in listings]
    compared = sum(int(rows.any(axis=1).sum()) for rows in hashes)
    if sum(bool(rows.any()) for rows in hashes) < 2:
        return Check(Kind.DUPLICATE, compared, 0, unchecked="no phash, and no images to take it of")
    found: list[tuple[float, str, str]] = []
    for i, j in combinations(range(len(listings)), 2):
        one, other = listings[i], listings[j]
        links = _nearest(hashes[i], hashes[j], _owners(one), _owners(other))
        for a, b, bits in zip(*(side.tolist() for side in links.sides), strict=True):
            if _videos(one, a, other, b) not in cuts:
                found.append((bits, one.place(a), other.place(b)))
    shown = (Crossing(f"{bits:g} of {BITS} bits differ", a, b) for bits, a, b in sorted(found))
    return Check(Kind.DUPLICATE, compared, len(found), tuple(shown)[:_SHOWN])


def _nearest(
    one: Hash, other: Hash, owners: NDArray[np.int64], other_owners: NDArray[np.int64]
) -> Links:
    links = Links.none()
    for alike in near_pairs(one, other):
        links += Links(alike.a, alike.b, alike.bits.astype(np.float64))
        links = nearest(links, owners, other_owners)
    return links


def _owners(listing: Listing) -> NDArray[np.int64]:
    """A number for each row's video; where no video is known a row stands for itself."""
    coded = listing.rows["video_id"].combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy().astype(np.int64)
    return np.where(codes < 0, np.arange(len(codes)) + len(coded.dictionary), codes)


def _videos(one: Listing, a: int, other: Listing, b: int) -> frozenset[str]:
    return frozenset((one.rows["video_id"][a].as_py(), other.rows["video_id"][b].as_py()))
