"""Finds videos, knows them by their bytes, and says what they are."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from deepfake_dataset.errors import SourceError
from deepfake_dataset.records import Label, Provenance, VideoFile
from deepfake_dataset.sources.files import File, Unreadable, printable
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.labels_csv import match_labels, read_labels
from deepfake_dataset.sources.layouts import provenances
from deepfake_dataset.sources.list_files import Listing, list_files
from deepfake_dataset.sources.settled_files import is_settled


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A further file with the bytes of a video."""

    path: str
    location: str
    video_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under the paths that were named; each file is in one of the five."""

    videos: tuple[VideoFile, ...]
    """One for each distinct content, by path."""
    duplicates: tuple[Duplicate, ...]
    """By path."""
    unreadable: tuple[Unreadable, ...]
    """Files and folders, by path."""
    skipped: int
    """Files passed over: no video by their names, or hidden."""
    unsettled: frozenset[str] = frozenset()
    """Locations of files that are still being written."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A file and what it is."""

    file: File
    provenance: Provenance

    @property
    def rank(self) -> tuple[bool, int, str, str]:
        """Smaller where more is known, the label before all else; then by path."""
        its = self.provenance
        gaps = (its.method, its.target, its.donor).count("")
        return its.label is Label.UNKNOWN, gaps, self.file.path, self.file.location


def find_videos(
    paths: Sequence[Path],
    labels: Path | None,
    known_files: KnownFiles,
    verify: bool = False,
    *,
    settle_s: float = 0.0,
    arriving: bool = False,
) -> Found:
    """Find every video in the files and folders named, once for each distinct content.

    What a video is comes from the labels CSV, else from the layout it lies in, else from the
    names of its folders; what the CSV leaves empty is filled in by the others where they give
    the same label. Of files with the same bytes, the one of which most is known stands for all,
    among equals the first by path. Files that ``known_files`` knows are not read, unless told
    to ``verify``; files that were written to in the last ``settle_s`` seconds are left alone.
    Where videos are still ``arriving``, there may be none yet, and the CSV may name some that
    are not there.

    Raises SourceError for a path that leads nowhere, for no videos at all, and for the same
    bytes with two labels; LabelsError for a labels file that cannot be used.
    """
    listing = list_files(paths) if arriving else list_videos(paths)
    files = _identified(list(listing.files.values()), labels, arriving)  # before hours of hashing
    now_s = time.time()
    settled = [k for k in files if is_settled(k.file, listing.skipped, now_s, settle_s)]
    contents, lost = _by_content(sorted(settled, key=attrgetter("rank")), known_files, verify)
    by_path = attrgetter("path", "location")
    return Found(
        videos=tuple(sorted((_video(id_, same) for id_, same in contents.items()), key=by_path)),
        duplicates=tuple(sorted(_duplicates(contents), key=by_path)),
        unreadable=tuple(sorted([*listing.unreadable.values(), *lost], key=by_path)),
        skipped=len(listing.skipped),
        unsettled=frozenset(listing.files.keys() - {known.file.location for known in settled}),
    )


def list_videos(paths: Sequence[Path]) -> Listing:
    """List what may be videos below the paths named, without reading any.

    Raises SourceError for a path that leads nowhere and for no videos at all.
    """
    listing = list_files(paths)
    if not listing.files and not listing.unreadable:
        raise _nothing_found(paths, len(listing.skipped))
    return listing


def _nothing_found(paths: Iterable[Path], skipped: int) -> SourceError:
    named = ", ".join(printable(str(path)) for path in paths) or "no path at all"
    others = f" ({skipped} other files)" if skipped else ""
    return SourceError(
        f"no videos in {named}{others}",
        "name a folder that holds videos; a file with an unusual ending can be named itself",
    )


def _identified(files: Sequence[File], labels: Path | None, arriving: bool) -> list[_Known]:
    said = match_labels(labels, read_labels(labels), files, arriving) if labels else {}
    return [
        _Known(file, _filled(said.get(file.identity), inferred))
        for file, inferred in zip(files, provenances(files), strict=True)
    ]


def _filled(said: Provenance | None, inferred: Provenance) -> Provenance:
    if said is None or said.label is not inferred.label:
        return said or inferred
    return replace(
        said,
        method=said.method or inferred.method,
        target=said.target or inferred.target,
        donor=said.donor or inferred.donor,
    )


def _by_content(
    files: Iterable[_Known], known_files: KnownFiles, verify: bool
) -> tuple[dict[str, list[_Known]], list[Unreadable]]:
    """Group files by video id, and list those that could not be read."""
    contents: dict[str, list[_Known]] = defaultdict(list)
    unreadable = []
    ids: dict[tuple[int, int], str] = {}
    try:
        for known in files:
            try:
                video_id = ids.get(known.file.identity) or known_files.video_id(
                    known.file, verify=verify
                )
            except OSError as error:
                unreadable.append(known.file.unreadable(error))
            else:
                ids[known.file.identity] = video_id
                contents[video_id].append(known)
    finally:
        known_files.save()
    return contents, unreadable


def _video(video_id: str, same: Sequence[_Known]) -> VideoFile:
    file, provenance = same[0].file, _agreed(same)
    status = file.status
    return VideoFile(
        video_id, file.location, file.path, status.st_size, provenance, status.st_mtime_ns
    )


def _agreed(same: Sequence[_Known]) -> Provenance:
    """Say what files with the same bytes are, most being known of the first."""
    first = same[0]
    for other in same[1:]:
        if other.provenance.label not in (first.provenance.label, Label.UNKNOWN):
            if first.file.status.st_size == 0:  # two failed downloads contradict nothing
                return Provenance()
            raise SourceError(
                f"the same bytes have two labels: {printable(first.file.location)!r} is"
                f" {first.provenance.label}, {printable(other.file.location)!r} is"
                f" {other.provenance.label}",
                "delete one of the two, or give both the same label with --labels",
            )
    return first.provenance


def _duplicates(contents: dict[str, list[_Known]]) -> list[Duplicate]:
    return [
        Duplicate(other.file.path, other.file.location, video_id)
        for video_id, same in contents.items()
        for other in same[1:]
    ]
