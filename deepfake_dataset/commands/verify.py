"""``dsbuild verify``: whether every file of a dataset is what it was when it was written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from deepfake_dataset.commands.extract import Extraction, Progress
from deepfake_dataset.commands.redo import files_still_there
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.integrity import Check, Flaw, Problem
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Provenance, VideoFile
from deepfake_dataset.sources.discover import Found
from deepfake_dataset.storage.base import Lease, Storage
from deepfake_dataset.storage.paths import StrPath


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at every file found."""

    records: int
    crops: int
    bytes: int
    """Of the crops."""
    problems: tuple[Problem, ...]
    left: tuple[Problem, ...]
    """Those that are still there: all of them where nothing was to be repaired."""

    @property
    def exit_code(self) -> int:
        """As the command line gives it: 0, or 2 where something is wrong."""
        return 2 if self.left else 0


def verify_dataset(
    dataset: StrPath,
    *,
    repair: bool = False,
    wait: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Verified:
    """Read every record, hash every crop, look for what nobody names, check the manifests.

    ``repair`` deletes orphans and half-made files, and does the videos again whose record or
    crops are damaged, if their file lies where it was with the bytes that it had. What could
    not be made again stays as it is.
    """
    with Dataset.held(dataset, wait=wait) as (opened, lease):
        check = Check(opened)
        problems = tuple(check.problems())
        left = problems
        if repair and problems:
            _repair(opened, problems, lease, on_progress)
            check = Check(opened)
            left = tuple(check.problems())
    return Verified(check.records, check.crops, check.bytes, problems, left)


def _repair(
    dataset: Dataset,
    problems: Sequence[Problem],
    lease: Lease,
    on_progress: Callable[[Progress], None],
) -> None:
    for problem in problems:
        if problem.flaw is Flaw.HALF_MADE:
            dataset.storage.discard(problem.path)
        elif problem.flaw is Flaw.ORPHAN:
            _delete_orphan(dataset.storage, problem.path)
    damaged = {problem.video_id for problem in problems if problem.video_id}
    files = tuple(_files_of(dataset, sorted(damaged)))
    if not files:
        return
    unread = {p.video_id for p in problems if p.flaw is Flaw.DAMAGED_RECORD}
    for file in files:
        if file.video_id in unread:
            dataset.remove(file.video_id)
    if unread - {file.video_id for file in files}:
        return  # a record that stays damaged lets no run begin
    found = Found(files, (), (), 0)
    with dataset.swept():
        Extraction(dataset, found, lease, again=damaged).do_what_is_due(on_progress)


def _files_of(dataset: Dataset, video_ids: Iterable[str]) -> Iterable[VideoFile]:
    return files_still_there(dataset, [(id_, _provenance(dataset, id_)) for id_ in video_ids])


def _provenance(dataset: Dataset, video_id: str) -> Provenance:
    """What the record says; nothing where it cannot: the next run over the sources tells."""
    try:
        return dataset.read(video_id).provenance
    except (KeyError, UsageError):
        return Provenance()


def _delete_orphan(storage: Storage, path: str) -> None:
    """A crop that nobody names, or the folder of a video without a record."""
    if storage.stat(path):
        storage.delete(path)
    else:
        storage.delete_all(f"{path}/")
