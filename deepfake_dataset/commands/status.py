"""``dsbuild status`` and ``dsbuild errors``: what a dataset holds, and what went wrong."""

from collections import Counter
from dataclasses import dataclass

from deepfake_dataset.dataset.catalog.attempts import FailedAttempts
from deepfake_dataset.dataset.catalog.index import VideoSummary, read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.totals import Totals, totals_of
from deepfake_dataset.records import Status
from deepfake_dataset.storage.paths import StrPath


def read_status(dataset: StrPath) -> Totals:
    """What a dataset holds.

    Raises :class:`UsageError` where the folder is none.
    """
    return totals_of(read_summaries(Dataset.open(dataset)).values())


def read_errors(dataset: StrPath) -> list[VideoSummary]:
    """The videos that gave no faces because of an error or a setting, by path."""
    summaries = read_summaries(Dataset.open(dataset)).values()
    return sorted((b for b in summaries if b.status is not Status.OK), key=lambda b: b.path)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What became of a dataset's sources and of its failed videos, as of the last run."""

    in_place: int
    """Videos whose file lies where it was found; those never seen by a run are in none."""
    renamed: int
    replaced: int
    """Other bytes lie in the file's place. The faces stay until they are pruned."""
    gone: int
    """Nothing lies in the file's place. The faces stay until they are pruned."""
    given_up: int
    """Failed videos that ``dsbuild run`` does not try again."""


def read_upkeep(dataset: StrPath) -> Upkeep:
    """What became of the sources, and how many failed videos were given up."""
    from deepfake_dataset.sources.locations import FileLocations, FileStatus

    opened = Dataset.open(dataset)
    summaries, attempts = read_summaries(opened), FailedAttempts(opened)
    places = FileLocations(opened).locations.values()
    fates = Counter(place.fate for place in places if place.video_id in summaries)
    return Upkeep(
        in_place=fates[FileStatus.IN_PLACE],
        renamed=fates[FileStatus.RENAMED],
        replaced=fates[FileStatus.REPLACED],
        gone=fates[FileStatus.GONE],
        given_up=attempts.number_given_up(summaries.values()),
    )
