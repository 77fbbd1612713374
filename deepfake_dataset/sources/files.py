"""Source files and folders, and how their names are written down."""

import os
from dataclasses import dataclass


def printable(name: str) -> str:
    r"""Write a name from the file system in UTF-8; bytes that are not UTF-8 become ``\xNN``."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that videos lie in."""

    location: str
    """Absolute path on this machine, symbolic links as they were followed."""
    names: tuple[str, ...]
    """Its name and those of the folders around it, nearest first, ending with the folder that
    was named on the command line (for a file that was named: the folder it lies in)."""

    @property
    def all_names(self) -> tuple[str, ...]:
        """As :attr:`names`, but up to the root of the file system."""
        return tuple(reversed(self.location.split("/")))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or folder that could not be read."""

    path: str
    """As in :attr:`File.path`."""
    location: str
    reason: str


@dataclass(frozen=True, slots=True)
class File:
    """A file taken for a video."""

    location: str
    """Absolute path on this machine; bytes that are not UTF-8 as surrogates, as Python has them."""
    path: str
    """Below the folder that was named, printable, with forward slashes."""
    folder: Folder
    name: str
    status: os.stat_result
    """Of the file itself, symbolic links followed."""

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode: the same for every name that leads to this file."""
        return self.status.st_dev, self.status.st_ino

    def unreadable(self, error: OSError) -> Unreadable:
        """Note that reading the file gave this error."""
        return Unreadable(self.path, self.location, error.strerror or str(error))
