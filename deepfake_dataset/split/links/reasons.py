"""A join: two videos that no split may part, and why."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why two videos may not be parted."""

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
class Join:
    """Two videos that no split may part."""

    a: str
    """A video id."""
    b: str
    """Another one."""
    reason: Reason
    detail: str = ""
    """What they share, for a person to judge by: a name, a distance, a pair of faces."""
