"""Lists the files that are videos by their names."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

from deepfake_dataset.errors import SourceError
from deepfake_dataset.sources.files import File, Folder, Unreadable, printable

_EXTENSIONS = """
    mp4 m4v mov qt 3gp 3g2 mj2 f4v ismv flv mkv mk3d webm avi divx amv wmv asf wtv ogv ogg ogm
    mpg mpeg mpe m1v m2v m2p vob ts mts m2ts m2t tp trp ty mxf gxf dv dif dav rm rmvb nut nsv
    y4m ivf h261 h264 264 avc h265 265 hevc h266 266 vvc obu av1 vc1 rcv mjpg mjpeg
"""
VIDEO_EXTENSIONS = frozenset(_EXTENSIONS.split())
"""Containers and raw streams that FFmpeg reads and that hold films, in lower case.

Pictures that move (gif, webp, apng) are left out: in a folder of videos they are thumbnails.
Downloads under way (part, tmp, crdownload) are left out with everything else.
"""


@dataclass(slots=True)
class Listing:
    """What was found, by location, so that a file under two of the paths named is one."""

    files: dict[str, File] = field(default_factory=dict)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)

    def take(self, entry: os.DirEntry[str] | Path, folder: Folder, path: str) -> None:
        """Add a file, or the reason why it cannot be read.

        Of two arguments that lead to it the outer one counts: it knows more folder names.
        """
        location = os.fspath(entry)
        known = self.files.get(location)
        if known and len(known.folder.names) >= len(folder.names):
            return
        try:
            status = entry.stat()
        except OSError as error:
            self.refuse(location, path, error.strerror or str(error))
            return
        if stat.S_ISREG(status.st_mode):
            self.files[location] = File(location, path, folder, entry.name, status)
        else:  # a pipe would be waited for without end
            self.refuse(location, path, "not a regular file")

    def refuse(self, location: str, path: str, reason: str) -> None:
        """Note a file or folder that cannot be read."""
        self.unreadable[location] = Unreadable(path, location, reason)


@dataclass(frozen=True, slots=True)
class _Visit:
    folder: Folder
    path: str
    """Of the folder below the one that was named: empty, or ending in a slash."""
    trail: frozenset[tuple[int, int]]
    """Device and inode of the folders on the way here: to meet one again is a loop."""


def list_files(named: Iterable[Path]) -> Listing:
    """List files named, and files in folders named that are videos by their names.

    Folders are walked to any depth, symbolic links followed and their loops ended. Hidden
    files and folders are passed over; a file that was named itself is always taken.
    Raises SourceError for a path that leads nowhere.
    """
    listing = Listing()
    for path in named:
        location = _absolute(path)
        if _is_folder_named(path, location):
            _walk(Folder(str(location), (location.name,)), listing)
        else:
            folder = Folder(str(location.parent), (location.parent.name,))
            listing.take(location, folder, printable(location.name))
    listing.skipped -= listing.files.keys() | listing.unreadable.keys()
    return listing


def _absolute(path: Path) -> Path:
    # Links stay as they were named, for their names may be labels; but link/.. is elsewhere.
    return path.resolve() if ".." in path.parts else path.absolute()


def _is_folder_named(path: Path, location: Path) -> bool:
    try:
        return stat.S_ISDIR(location.stat().st_mode)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"cannot find {printable(str(path))!r}: {reason}",
            "check the spelling, and whether the disk it lies on is there",
        ) from error


def _walk(top: Folder, listing: Listing) -> None:
    pending = [_Visit(top, "", frozenset())]
    while pending:
        visit = pending.pop()
        try:
            pending += reversed(_look_into(visit, listing))
        except OSError as error:
            path = visit.path.rstrip("/") or printable(visit.folder.names[0])
            listing.refuse(visit.folder.location, path, error.strerror or str(error))


def _look_into(visit: _Visit, listing: Listing) -> list[_Visit]:
    status = Path(visit.folder.location).stat()
    identity = status.st_dev, status.st_ino
    if identity in visit.trail:
        return []
    trail, inner = visit.trail | {identity}, []
    with os.scandir(visit.folder.location) as entries:
        for entry in sorted(entries, key=attrgetter("name")):
            path = visit.path + printable(entry.name)
            if _is_folder(entry):
                if not entry.name.startswith("."):
                    folder = Folder(entry.path, (entry.name, *visit.folder.names))
                    inner.append(_Visit(folder, path + "/", trail))
            elif is_video_name(entry.name):
                listing.take(entry, visit.folder, path)
            else:
                listing.skipped.add(entry.path)
    return inner


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, say: taking it as a file tells the reason
        return False


def is_video_name(name: str) -> bool:
    """Whether a file in a folder is taken: a known extension, and not hidden."""
    stem, _, extension = name.rpartition(".")
    return stem != "" and stem[0] != "." and extension.lower() in VIDEO_EXTENSIONS
