"""``dsbuild extract``: the faces of every video that is new or whose settings have changed."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from pathlib import Path

from deepfake_dataset.dataset.catalog.attempts import FailedAttempts
from deepfake_dataset.dataset.catalog.index import VideoSummary, read_summaries, summary_of
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.totals import Summary, totals_of
from deepfake_dataset.engine import make_engine
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.errors import ChangedError, UnreadableError, VideoError
from deepfake_dataset.faces.model_files import check_models
from deepfake_dataset.records import Label, Provenance, Status, Video, VideoFile
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.discover import Found, find_videos, list_videos
from deepfake_dataset.sources.files import Unreadable
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.locations import FileLocations, FileStatus
from deepfake_dataset.storage.base import Lease
from deepfake_dataset.storage.paths import StrPath, as_path, as_paths, optional_path

_UNREADABLE = "unreadable-"
_FILE_LIMIT_MB = 1024
"""Far above any crop or record: what a decoder gone wild may put on the disk."""


@dataclass(frozen=True, slots=True)
class ExtractionJob:
    """A video to extract, and the dataset that its faces go to."""

    file: VideoFile
    dataset: Dataset


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; told after every video."""

    done: int
    to_do: int
    video: Video | None
    """The one that has just ended; None at the start."""
    again: bool = False
    """Whether it failed, and had failed in an earlier run too."""


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """How a run that nobody watches differs from one at a terminal."""

    settle_s: float = 0.0
    """Files that were written to this recently are left for the next run."""
    arriving: bool = False
    """Videos are still to come: there may be none yet, and the labels may name more."""
    backs_off: bool = False
    """Failed videos are tried again by and by, in few runs; otherwise when told to."""
    stopped: Callable[[], bool] = lambda: False
    """Asked before each video; True ends the run with what is in hand."""


def extract_faces(
    videos: StrPath | Sequence[StrPath],
    dataset: StrPath,
    *,
    labels: StrPath | None = None,
    verify: bool = False,
    retry: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    **settings: object,
) -> Summary:
    """Extract the faces of every video that is new or whose settings have changed.

    ``settings`` are fields of :class:`ExtractSettings` or :class:`RunSettings`; those given
    are kept in the dataset's ``dsbuild.toml``. ``retry`` does failed videos again. The
    dataset is made where there is none.

    Raises :class:`DsbuildError`; what was committed before stays.
    """
    videos, dataset = as_paths(videos, "videos"), as_path(dataset, "dataset")
    labels = optional_path(labels, "labels")
    if not Dataset.is_at(dataset):
        list_videos(videos)  # a mistyped source should not leave an empty dataset behind
        Dataset.create(dataset, Settings().override(**settings))
    with Dataset.held(dataset) as (opened, lease):
        return extract_into(
            opened.with_settings(opened.settings.override(**settings)),
            videos,
            lease,
            labels=labels,
            verify=verify,
            retry=retry,
            on_progress=on_progress,
        )


def extract_into(
    dataset: Dataset,
    videos: Sequence[Path],
    lease: Lease,
    *,
    labels: Path | None = None,
    verify: bool = False,
    retry: bool = False,
    policy: RunPolicy = RunPolicy(),
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Summary:
    """Do the work of :func:`extract_faces` for who holds the dataset's ``lease``."""
    with dataset.swept():
        found = find_videos(
            videos,
            labels,
            KnownFiles.of(dataset),
            verify,
            settle_s=policy.settle_s,
            arriving=policy.arriving,
        )
        run = Extraction(dataset, found, lease, retry=retry, policy=policy)
        moved = run.note_moved_files()
        run.clear_unreadable()
        relabelled = run.refresh()
        done = run.do_what_is_due(on_progress)
    number = len(found.videos) + len(found.unreadable)
    return Summary(
        found=number,
        duplicates=len(found.duplicates),
        skipped=found.skipped,
        relabelled=relabelled,
        known=number - run.number_due,
        done=totals_of(done),
        all=totals_of(run.summaries.values()),
        unsettled=len(found.unsettled) + run.changed,
        left=run.number_due - run.changed - len(done),
        renamed=moved[FileStatus.RENAMED],
        replaced=moved[FileStatus.REPLACED],
        gone=moved[FileStatus.GONE],
        failed_again=run.failed_again,
        given_up=run.number_given_up,
    )


class Extraction:
    """One extraction over what was found."""

    def __init__(
        self,
        dataset: Dataset,
        found: Found,
        lease: Lease,
        *,
        retry: bool = False,
        again: Collection[str] = (),
        policy: RunPolicy = RunPolicy(),
    ) -> None:
        """For ``found``; videos ``again`` are done whatever is known of them."""
        self.changed = 0
        """Files that were written to while they were read."""
        self.failed_again = 0
        """Videos that failed now and in an earlier run."""
        self.summaries = read_summaries(dataset)
        """Every record of the dataset, kept up to date: reading them takes a second."""
        self._dataset = dataset
        self._key = dataset.settings.extract.key
        self._found = found
        self._lease = lease
        self._retry = retry
        self._again = again
        self._policy = policy
        self._attempts = FailedAttempts(dataset)
        self._locations = FileLocations(dataset)
        self._files = [self._with_what_is_known(file) for file in found.videos]
        self._due = [file for file in self._files if self._is_due(file)]
        self._lost = [lost for lost in _named(found.unreadable) if self._is_due_to_fail(lost)]

    @property
    def number_due(self) -> int:
        """Videos to be done and files to be noted as unreadable."""
        return len(self._lost) + len(self._due)

    @property
    def number_given_up(self) -> int:
        """Failed videos of the dataset that an unattended run does not try again."""
        return self._attempts.number_given_up(self.summaries.values())

    def note_moved_files(self) -> Counter[FileStatus]:
        """Count the known videos whose files were renamed, replaced or taken away since."""
        lost = [file for file, _ in _named(self._found.unreadable)]
        return Counter(place.fate for place in self._locations.update(self._found, lost))

    def clear_unreadable(self) -> None:
        """Drop the records of unreadable files that can be read again, or are there no more."""
        seen = {video.path for video in self._found.videos}
        seen |= {duplicate.path for duplicate in self._found.duplicates}
        for video_id, video_summary in list(self.summaries.items()):
            if video_id.startswith(_UNREADABLE) and (
                video_summary.path in seen or self._locations.status_of(video_id) is FileStatus.GONE
            ):
                del self.summaries[video_id]
                self._dataset.remove(video_id)
                self._attempts.forget([video_id])
                self._locations.forget([video_id])

    def refresh(self) -> int:
        """Give records of videos that stay the labels and names that the sources have now.

        Gives how many were relabelled.
        """
        due = {file.video_id for file in self._due}
        stay = [file for file in self._files if file.video_id not in due]
        relabelled = 0
        for file in stay:
            video_summary = self.summaries[file.video_id]
            renamed = self._locations.status_of(file.video_id) is FileStatus.RENAMED
            path = file.path if renamed else video_summary.path
            if (path, file.provenance) == (video_summary.path, video_summary.provenance):
                continue
            video = self._dataset.read(file.video_id)
            renewed = replace(video, path=path, provenance=file.provenance)
            self._dataset.rewrite(renewed)
            self.summaries[file.video_id] = summary_of(renewed)
            relabelled += file.provenance != video_summary.provenance
        return relabelled

    def do_what_is_due(self, on_progress: Callable[[Progress], None]) -> list[VideoSummary]:
        """Record what cannot be read, do the videos that are not current; gives all in brief."""
        done: list[VideoSummary] = []
        on_progress(Progress(0, self.number_due, None))
        with closing(self._extracted()) as extracted:
            for video in chain(self._unreadable(), extracted):
                done.append(summary_of(video))
                again = self._note(done[-1])
                on_progress(Progress(len(done), self.number_due, video, again))
        return done

    def _note(self, video_summary: VideoSummary) -> bool:
        """Count an attempt; gives whether it failed and had failed before."""
        before = self.summaries.get(video_summary.video_id)
        self.summaries[video_summary.video_id] = video_summary
        self._attempts.note(video_summary)
        again = (
            video_summary.status is Status.FAILED
            and before is not None
            and before.status is Status.FAILED
        )
        self.failed_again += again
        return again

    def _unreadable(self) -> Iterator[Video]:
        for file, reason in self._lost:
            yield self._commit_fault(file, UnreadableError(reason))

    def _extracted(self) -> Generator[Video, None, None]:
        if not self._due:
            return
        check_models()
        settings = self._dataset.settings.run
        jobs = (ExtractionJob(file, self._dataset) for file in self._due)
        engine = make_engine(workers=settings.worker_count, hold=self._lease.descriptors)
        outcomes = engine.run(
            extract_job,
            takewhile(lambda _: not self._policy.stopped(), jobs),
            limits=Limits(
                settings.time_limit_s, settings.memory_limit_mb, _FILE_LIMIT_MB, confined=True
            ),
            preload=["deepfake_dataset.extract:load_models", __name__],
        )
        with closing(outcomes):
            for outcome in outcomes:
                if isinstance(outcome.fault, ChangedError):
                    self.changed += 1
                else:
                    yield self._video_of(outcome)

    def _with_what_is_known(self, file: VideoFile) -> VideoFile:
        video_summary = self.summaries.get(file.video_id)
        if video_summary is None:
            return file
        return replace(file, provenance=_merged(video_summary.provenance, file.provenance))

    def _is_due(self, file: VideoFile) -> bool:
        video_summary = self.summaries.get(file.video_id)
        if video_summary is None or video_summary.settings_key != self._key:
            return True
        if file.video_id in self._again:
            return True
        if self._retry:
            return video_summary.status is Status.FAILED
        return self._policy.backs_off and self._attempts.is_due(video_summary)

    def _is_due_to_fail(self, lost: tuple[VideoFile, str]) -> bool:
        """Whether an unreadable file is to be noted; only a run that backs off lets it rest."""
        return not self._policy.backs_off or self._is_due(lost[0])

    def _video_of(self, outcome: Outcome[ExtractionJob, Video]) -> Video:
        if outcome.fault is None:
            assert outcome.result is not None
            return outcome.result
        return self._commit_fault(outcome.item.file, outcome.fault)

    def _commit_fault(self, file: VideoFile, fault: VideoError) -> Video:
        from deepfake_dataset.extract import fault_record

        video = fault_record(file, self._dataset.settings.extract, fault)
        self._dataset.commit(video)
        return video


def extract_job(job: ExtractionJob) -> Video:
    """In a worker: what decodes and detects takes long to import, and is needed nowhere else."""
    from deepfake_dataset.extract import extract_video

    return extract_video(job.file, job.dataset)


def _named(unreadable: Iterable[Unreadable]) -> Iterator[tuple[VideoFile, str]]:
    """A file without readable bytes has no video id; its record goes by its path."""
    times: Counter[str] = Counter()  # two folders may each have one under the same path
    for lost in unreadable:
        name = hashlib.sha256(f"{lost.path}\0{times[lost.path]}".encode()).hexdigest()[:16]
        times[lost.path] += 1
        yield (
            VideoFile(_UNREADABLE + name, lost.location, lost.path, 0, Provenance()),
            lost.reason,
        )


def _merged(old: Provenance, new: Provenance) -> Provenance:
    """What is known of a video after another look: knowing less takes nothing away."""
    if new.label is Label.UNKNOWN:
        return old
    if new.label is not old.label:
        return new
    return Provenance(
        label=new.label,
        method=new.method or old.method,
        target=new.target or old.target,
        donor=new.donor or old.donor,
    )
