"""``dsbuild extract``: the faces of every video that is new or whose settings have changed."""

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.briefs import Brief, brief_of, read_briefs
from deepfake_dataset.dataset import SETTINGS_FILE, Dataset, writing
from deepfake_dataset.engine import Limits, Outcome, run_each
from deepfake_dataset.errors import UnreadableError, VideoError
from deepfake_dataset.lock import exclusive
from deepfake_dataset.records import Label, Provenance, Status, Video, VideoFile
from deepfake_dataset.settings import Settings, write_settings
from deepfake_dataset.sources.discover import Found, find_videos, list_videos
from deepfake_dataset.sources.fingerprints import Fingerprints
from deepfake_dataset.tallies import Summary, totals_of

if TYPE_CHECKING:
    from deepfake_dataset.extract.video import Job

_UNREADABLE = "unreadable-"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; told after every video."""

    done: int
    to_do: int
    video: Video | None
    """The one that has just ended; None at the start."""


def extract_faces(
    videos: Sequence[Path],
    dataset: Path,
    *,
    labels: Path | None = None,
    verify: bool = False,
    retry: bool = False,
    tell: Callable[[Progress], None] = lambda _: None,
    **settings: object,
) -> Summary:
    """Extract the faces of every video that is new or whose settings have changed.

    ``settings`` are fields of :class:`ExtractSettings` or :class:`RunSettings`; those given
    are kept in the dataset's ``dsbuild.toml``. ``retry`` does failed videos again. The
    dataset is made where there is none.

    Raises :class:`DsbuildError`; what was committed before stays.
    """
    if not Dataset.is_at(dataset):
        list_videos(videos)  # a mistyped source should not leave an empty dataset behind
        Dataset.create(dataset, Settings().override(**settings))
    with exclusive(dataset):
        opened = _with_settings(Dataset.open(dataset), settings)
        fingerprints = Fingerprints.of(opened)
        with opened.swept():
            found = find_videos(videos, labels, fingerprints, verify)
            run = _Run(opened, found, retry)
            run.clear_unreadable()
            relabelled = run.relabel()
            done = run.do_what_is_due(tell)
    number = len(found.videos) + len(found.unreadable)
    return Summary(
        found=number,
        duplicates=len(found.duplicates),
        skipped=found.skipped,
        relabelled=relabelled,
        known=number - len(done),
        done=totals_of(done),
        all=totals_of(read_briefs(opened).values()),
    )


def _with_settings(dataset: Dataset, given: dict[str, object]) -> Dataset:
    """The dataset with the settings given, which are kept in its file."""
    settings = dataset.settings.override(**given)
    if settings != dataset.settings:
        with writing(dataset.root / SETTINGS_FILE):
            write_settings(dataset.root / SETTINGS_FILE, settings)
    return replace(dataset, settings=settings)


class _Run:
    """One extraction over what was found."""

    def __init__(self, dataset: Dataset, found: Found, retry: bool) -> None:
        self._dataset = dataset
        self._found = found
        self._retry = retry
        self._briefs = read_briefs(dataset)
        self._files = [self._with_what_is_known(file) for file in found.videos]
        self._due = [file for file in self._files if self._is_due(file)]

    def clear_unreadable(self) -> None:
        """Files that can be read again lose the record that says they cannot."""
        seen = {video.path for video in self._found.videos}
        seen |= {duplicate.path for duplicate in self._found.duplicates}
        for video_id, brief in self._briefs.items():
            if video_id.startswith(_UNREADABLE) and brief.path in seen:
                self._dataset.remove(video_id)

    def relabel(self) -> int:
        """Give records of videos that stay the labels that the sources have now."""
        due = {file.video_id for file in self._due}
        changed = [
            file
            for file in self._files
            if file.video_id not in due
            and file.provenance != self._briefs[file.video_id].provenance
        ]
        for file in changed:
            video = self._dataset.read(file.video_id)
            self._dataset.rewrite(replace(video, provenance=file.provenance))
        return len(changed)

    def do_what_is_due(self, tell: Callable[[Progress], None]) -> list[Brief]:
        """Record what cannot be read, do the videos that are not current; gives all in brief."""
        done: list[Brief] = []
        to_do = len(self._found.unreadable) + len(self._due)
        tell(Progress(0, to_do, None))
        with closing(self._extracted()) as extracted:
            for video in chain(self._unreadable(), extracted):
                done.append(brief_of(video))
                tell(Progress(len(done), to_do, video))
        return done

    def _unreadable(self) -> Iterator[Video]:
        """A file without readable bytes has no video id; its record goes by its path."""
        times: Counter[str] = Counter()  # two folders may each have one under the same path
        for lost in self._found.unreadable:
            name = hashlib.sha256(f"{lost.path}\0{times[lost.path]}".encode()).hexdigest()[:16]
            times[lost.path] += 1
            file = VideoFile(_UNREADABLE + name, lost.location, lost.path, 0, Provenance())
            yield self._commit_fault(file, UnreadableError(lost.reason))

    def _extracted(self) -> Generator[Video, None, None]:
        if not self._due:
            return
        from deepfake_dataset.extract.video import Job, extract_video

        settings = self._dataset.settings.run
        outcomes = run_each(
            extract_video,
            [Job(file, self._dataset) for file in self._due],
            workers=settings.worker_count,
            limits=Limits(settings.time_limit_s, settings.memory_limit_mb),
            preload=["deepfake_dataset.extract.warm"],
        )
        with closing(outcomes):
            yield from map(self._video_of, outcomes)

    def _with_what_is_known(self, file: VideoFile) -> VideoFile:
        brief = self._briefs.get(file.video_id)
        if brief is None:
            return file
        return replace(file, provenance=_merged(brief.provenance, file.provenance))

    def _is_due(self, file: VideoFile) -> bool:
        brief = self._briefs.get(file.video_id)
        if brief is None or brief.settings_key != self._dataset.settings.extract.key:
            return True
        return self._retry and brief.status is Status.FAILED

    def _video_of(self, outcome: "Outcome[Job, Video]") -> Video:
        if outcome.fault is None:
            assert outcome.result is not None
            return outcome.result
        return self._commit_fault(outcome.item.file, outcome.fault)

    def _commit_fault(self, file: VideoFile, fault: VideoError) -> Video:
        from deepfake_dataset.extract.video import fault_record

        video = fault_record(file, self._dataset.settings.extract, fault)
        self._dataset.commit(video)
        return video


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
