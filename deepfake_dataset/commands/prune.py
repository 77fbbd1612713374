"""``dsbuild prune``: take out the videos whose files are no longer there."""

from dataclasses import dataclass

from deepfake_dataset.dataset.catalog.attempts import FailedAttempts
from deepfake_dataset.dataset.catalog.index import read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.sources.locations import FileLocations, FileStatus
from deepfake_dataset.storage.paths import StrPath

_LOST = (FileStatus.GONE, FileStatus.REPLACED)


@dataclass(frozen=True, slots=True)
class Lost:
    """A video whose file is no longer there."""

    video_id: str
    path: str
    fate: FileStatus
    faces: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken out, or would be."""

    videos: tuple[Lost, ...]
    """By path."""
    kept: int
    """Videos that stay."""
    done: bool


def prune_dataset(dataset: StrPath, *, really: bool = False, wait: bool = False) -> Pruned:
    """Take out records and crops of videos whose files are gone or hold other bytes now.

    Only with ``really``: a disk that is not mounted looks like files that are gone. What
    people decided about the faces stays in its log, and counts again if the video comes back.
    A video that was never seen since its caches were deleted is kept.
    """
    with Dataset.held(dataset, wait=wait) as (opened, _):
        summaries, locations = read_summaries(opened), FileLocations(opened)
        lost = [
            Lost(place.video_id, place.path, place.fate, summaries[place.video_id].faces)
            for place in locations.checked_now()
            if place.fate in _LOST and place.video_id in summaries
        ]
        if really:
            for video in lost:
                opened.remove(video.video_id)
            ids = [video.video_id for video in lost]
            locations.forget(ids)
            FailedAttempts(opened).forget(ids)
    listed = tuple(sorted(lost, key=lambda video: video.path))
    return Pruned(listed, len(summaries) - len(listed), really)
