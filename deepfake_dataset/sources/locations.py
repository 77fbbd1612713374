"""Where each video's file was last seen: what was renamed, replaced or taken away since is noticed.

A video is its bytes, so nothing here decides what is in a dataset; it only lets people see
what became of their files. Kept in ``state/``: deleting it forgets the places and nothing
else.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.state_table import StateTable
from deepfake_dataset.records import VideoFile
from deepfake_dataset.sources.discover import Duplicate, Found


class FileStatus(StrEnum):
    """What became of a video's file."""

    IN_PLACE = "in-place"
    RENAMED = "renamed"
    """The same bytes lie elsewhere now."""
    REPLACED = "replaced"
    """Other bytes lie in its place."""
    GONE = "gone"
    """Nothing lies in its place: deleted, moved away, or its disk is not there."""


@dataclass(frozen=True, slots=True)
class FileLocation:
    """Where a video was last seen."""

    video_id: str
    location: str
    """Absolute path on this machine."""
    path: str
    """Below the folder that was named, as in a record."""
    fate: FileStatus
    """What became of the file; named as it is stored."""


class FileLocations:
    """The places of a dataset's videos, by id."""

    def __init__(self, dataset: Dataset) -> None:
        self._table = StateTable(dataset.storage, layout.LOCATIONS, FileLocation)
        self.locations = self._table.load()

    def status_of(self, video_id: str) -> FileStatus | None:
        """What became of a video's file; None where it was never seen."""
        place = self.locations.get(video_id)
        return place.fate if place else None

    def update(self, found: Found, lost: Iterable[VideoFile] = ()) -> list[FileLocation]:
        """Take in what a search found; gives the places of known videos that have changed.

        ``lost`` are the files that it could not read, by the ids that stand for them. Only
        files that the search did not see are looked at.
        """
        seen = _seen((*found.videos, *found.duplicates, *lost))
        taken = {place.location for locations in seen.values() for place in locations}
        now = {id_: self._found_again(id_, locations, taken) for id_, locations in seen.items()}
        for video_id in self.locations.keys() - seen.keys():
            now[video_id] = _not_found(self.locations[video_id], taken, found)
        fresh = {id_: place for id_, place in now.items() if place != self.locations.get(id_)}
        changed = [place for id_, place in fresh.items() if id_ in self.locations]
        self.locations |= fresh
        self._table.save(fresh)
        return changed

    def checked_now(self) -> list[FileLocation]:
        """The places as they are at this moment; nothing is written."""
        return [_looked_at(place) for place in self.locations.values()]

    def forget(self, video_ids: Iterable[str]) -> None:
        """Forget videos that the dataset no longer has."""
        gone = [video_id for video_id in video_ids if self.locations.pop(video_id, None)]
        self._table.save({}, gone)

    def _found_again(
        self, video_id: str, locations: list[FileLocation], taken: Collection[str]
    ) -> FileLocation:
        old = self.locations.get(video_id)
        if old is None:
            return locations[0]
        if old.location in {place.location for place in locations}:
            back = old.fate in (FileStatus.REPLACED, FileStatus.GONE)
            return replace(old, fate=FileStatus.IN_PLACE) if back else old
        if old.location not in taken and os.path.lexists(old.location):
            return old  # a further copy, and the search saw only one of the two
        return replace(locations[0], fate=FileStatus.RENAMED)


def _not_found(old: FileLocation, taken: Collection[str], found: Found) -> FileLocation:
    if old.location in taken:
        return replace(old, fate=FileStatus.REPLACED)
    return old if old.location in found.unsettled else _looked_at(old)


def _looked_at(place: FileLocation) -> FileLocation:
    """What a look at the place itself tells; whether its bytes are others, it does not."""
    if place.fate is FileStatus.REPLACED:
        return place
    if not os.path.lexists(place.location):
        return replace(place, fate=FileStatus.GONE)
    return replace(place, fate=FileStatus.IN_PLACE) if place.fate is FileStatus.GONE else place


def _seen(files: Iterable[VideoFile | Duplicate]) -> dict[str, list[FileLocation]]:
    """Where the search saw each video, the place that stands for it first."""
    seen: dict[str, list[FileLocation]] = defaultdict(list)
    for file in files:
        seen[file.video_id].append(
            FileLocation(file.video_id, file.location, file.path, FileStatus.IN_PLACE)
        )
    return seen
