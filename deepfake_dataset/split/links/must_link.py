"""Bonds: which videos share a name, a file name, a person or a picture.

A graph of two kinds of nodes, videos and what they share. A name that a thousand videos share
is one node with a thousand edges, not half a million pairs of videos; taking the node out shows
what hangs on that name alone.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from deepfake_dataset.split.links.reasons import Join, Reason
from deepfake_dataset.split.video_table import Videos


class Role(IntEnum):
    """How a video comes by what it shares."""

    TARGET = 0
    DONOR = 1
    FILE = 2
    """The name of its file, where no target is known."""
    LIKENESS = 3
    """What it shows."""


@dataclass(frozen=True, slots=True)
class Key:
    """Something that videos share."""

    detail: str
    """The name, or what the join says."""
    likeness: Reason | None = None
    """Why, where it is not a name."""


@dataclass(frozen=True, slots=True, eq=False)
class Bonds:
    """One entry a video and key: ``video[i]`` has ``key[i]`` as ``role[i]``; sorted by key."""

    keys: list[Key]
    video: NDArray[np.int64]
    key: NDArray[np.int64]
    role: NDArray[np.int8]

    def among(self, chosen: NDArray[np.bool_]) -> "Bonds":
        """Those of some of the videos; keys stay, whoever has them."""
        keep = chosen[self.video]
        return Bonds(self.keys, self.video[keep], self.key[keep], self.role[keep])


def bonds_of(
    videos: Videos,
    joins: Iterable[Join],
    *,
    positions: Collection[str] = (),
) -> Bonds:
    """All bonds: by name, and by what was found in the pictures.

    ``positions`` are names, or patterns of them, that are not people's.
    """
    keys: list[Key] = []
    rows: list[tuple[int, int, int]] = []
    for key, members in (*_by_name(videos, positions), *_by_likeness(videos, joins)):
        rows += [(video, len(keys), role) for video, role in members]
        keys.append(key)
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Bonds(keys, table[:, 0], table[:, 1], table[:, 2].astype(np.int8))


Members = list[tuple[int, Role]]


def _by_name(videos: Videos, positions: Collection[str]) -> Iterator[tuple[Key, Members]]:
    """Names that two videos or more have, in order.

    A file's name counts where no target is known, and for all files of that name then: one of
    them may be the original of which the other was forged.
    """
    members: dict[str, Members] = defaultdict(list)
    spelt: dict[str, str] = {}
    stems = [PurePosixPath(path).stem for path in videos.paths]
    nameless = {_folded(s) for s, target in zip(stems, videos.targets, strict=True) if not target}
    named = zip(videos.targets, videos.donors, stems, strict=True)
    for video, names in enumerate(named):
        for role, name in zip((Role.TARGET, Role.DONOR, Role.FILE), names, strict=True):
            folded = _folded(name)
            if folded and (role is not Role.FILE or not names[0] or folded in nameless):
                members[folded].append((video, role))
                spelt.setdefault(folded, name)
    patterns = [_folded(pattern) for pattern in positions]
    for name in sorted(members):
        several = len({video for video, _ in members[name]}) > 1
        if several and not any(fnmatchcase(name, pattern) for pattern in patterns):
            yield Key(spelt[name]), members[name]


def _folded(name: str) -> str:
    """Names that differ in case or in how a letter is composed are one: better to join."""
    return unicodedata.normalize("NFC", name).casefold().strip()


def _by_likeness(videos: Videos, joins: Iterable[Join]) -> Iterator[tuple[Key, Members]]:
    at = videos.positions()
    for join in sorted(joins, key=lambda j: (j.reason, j.a, j.b, j.detail)):
        if join.a in at and join.b in at:
            pair = [(at[join.a], Role.LIKENESS), (at[join.b], Role.LIKENESS)]
            yield Key(join.detail, join.reason), pair


def groups_of(bonds: Bonds, number: int) -> NDArray[np.int64]:
    """The group of each of so many videos: the position of its first video."""
    nodes = number + len(bonds.keys)
    edges = (np.ones(len(bonds.video), np.int8), (bonds.video, number + bonds.key))
    _, found = connected_components(coo_array(edges, shape=(nodes, nodes)), directed=False)
    _, first, inverse = np.unique(found[:number], return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.int64)


def reason_of(key: Key, holders: Iterable[tuple[int, bool]]) -> Reason:
    """Why videos may not be parted that have a key as these roles, and are real or not."""
    if key.likeness is not None:
        return key.likeness
    found = set(holders)
    if all(role == Role.FILE for role, _ in found):
        return Reason.FILE
    originals = {real for role, real in found if role in (Role.TARGET, Role.FILE)}
    return Reason.ORIGINAL if len(originals) > 1 else Reason.NAME


class Index:
    """The values that stand beside an entry, without looking through all."""

    def __init__(self, entries: NDArray[np.int64], values: NDArray[np.int64]) -> None:
        order = np.argsort(entries, kind="stable")
        self._entries, self._values = entries[order], values[order]

    def of(self, entry: int) -> list[int]:
        """The values beside one entry."""
        first, last = np.searchsorted(self._entries, (entry, entry + 1))
        values: list[int] = self._values[first:last].tolist()
        return values
