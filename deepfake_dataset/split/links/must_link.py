"""Must-links: what ties two videos to one side of a split, and the reason why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class LinkReason(StrEnum):
    """Why two videos are kept on one side."""

    FILE = "same file name"
    """Copies of one file, where no name says whose it is."""
    NAME = "same name"
    """One of them names as target or donor whom the other names."""
    ORIGINAL = "original and forgery"
    """One is real, the other is forged, and they have the same target."""
    PERSON = "same person"
    """The faces are alike."""
    DUPLICATE = "near-duplicate"
    """The pictures are alike."""


@dataclass(frozen=True, slots=True)
class MustLink:
    """Two videos that no split may part."""

    a: str
    """A video id."""
    b: str
    """Another one."""
    reason: LinkReason
    detail: str = ""
    """What they share, for a person to judge by: a name, a distance, a pair of faces."""


class Role(IntEnum):
    """How a video comes by what it shares."""

    TARGET = 0
    DONOR = 1
    FILE = 2
    """The name of its file, where no target is known."""
    PICTURES = 3
    """What it shows."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """Something that videos share."""

    detail: str
    """The name, or what the must-link says."""
    picture_reason: LinkReason | None = None
    """Why, where it was found in the pictures and is not a name."""


def link_reason(key: SharedKey, holders: Iterable[tuple[int, bool]]) -> LinkReason:
    """Why a key ties its holders together: the role of each, and whether it is real."""
    if key.picture_reason is not None:
        return key.picture_reason
    found = set(holders)
    if all(role == Role.FILE for role, _ in found):
        return LinkReason.FILE
    originals = {real for role, real in found if role in (Role.TARGET, Role.FILE)}
    return LinkReason.ORIGINAL if len(originals) > 1 else LinkReason.NAME
