"""What the command line can do, as functions: one for each command."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.briefs import Brief, brief_of, read_briefs
from deepfake_dataset.dataset import SETTINGS_FILE, Dataset, writing
from deepfake_dataset.engine import Limits, Outcome, run_each
from deepfake_dataset.errors import UnreadableError, UsageError, VideoError
from deepfake_dataset.lock import exclusive
from deepfake_dataset.records import Label, Provenance, Status, Video, VideoFile
from deepfake_dataset.settings import Settings, write_settings
from deepfake_dataset.sources.discover import Found, find_videos
from deepfake_dataset.sources.fingerprints import Fingerprints
from deepfake_dataset.tallies import Summary, Totals, totals_of

if TYPE_CHECKING:
    from deepfake_dataset.extract.video import Job

FINGERPRINTS = "fingerprints.sqlite3"
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
    tell: Callable[[Progress], None] = lambda progress: None,
    **settings: object,
) -> Summary:
    """Extract the faces of every video that is new or whose settings have changed.

    ``settings`` are fields of :class:`ExtractSettings` or :class:`RunSettings`; those given
    are kept in the dataset's ``dsbuild.toml``. ``retry`` does failed videos again. The
    dataset is made where there is none.

    Raises :class:`DsbuildError`; what was committed before stays.
    """
    opened = _with_settings(dataset, settings)
    with exclusive(opened.root):
        opened.sweep()
        found = find_videos(
            videos, labels, Fingerprints(opened.cache_folder / FINGERPRINTS), verify
        )
        run = _Run(opened, found, retry)
        run.clear_unreadable()
        lost = run.record_unreadable()
        relabelled = run.relabel()
        done = run.extract(tell)
    return Summary(
        found=len(found.videos) + len(found.unreadable),
        duplicates=len(found.duplicates),
        skipped=found.skipped,
        relabelled=relabelled,
        known=len(found.videos) - len(done),
        done=totals_of([*lost, *done]),
        all=totals_of(read_briefs(opened).values()),
    )


def read_status(dataset: Path) -> Totals:
    """What a dataset holds.

    Raises :class:`UsageError` where the folder is none.
    """
    return totals_of(read_briefs(Dataset.open(dataset)).values())


def read_errors(dataset: Path) -> list[Brief]:
    """The videos that gave no faces because of an error or a setting, by path."""
    briefs = read_briefs(Dataset.open(dataset)).values()
    return sorted((b for b in briefs if b.status is not Status.OK), key=lambda b: b.path)


def draw_sheet(video: str, dataset: Path, output: Path | None = None) -> Path:
    """Draw a contact sheet of a video, named by id, by path in the dataset, or by its file.

    Gives the picture's path: ``reports/<video_id>.png`` unless ``output`` says otherwise.
    Frames are shown where the source is still where it was found; crops are in any case.

    Raises :class:`UsageError` where the dataset does not have the video.
    """
    from deepfake_dataset.extract.stills import read_stills
    from deepfake_dataset.report.sheet import draw, stills_of

    opened = Dataset.open(dataset)
    record = opened.read(_find_video(video, opened))
    source = Fingerprints(opened.cache_folder / FINGERPRINTS).locate(record.video_id)
    wanted = stills_of(record)
    stills = read_stills(source, wanted) if source else {}
    target = output or opened.root / "reports" / f"{record.video_id}.png"
    picture = draw(record, lambda face: opened.face_path(record.video_id, face), stills)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target)
    return target


def _find_video(name: str, dataset: Dataset) -> str:
    """The id of the one video that a user means."""
    briefs = read_briefs(dataset)
    if name in briefs:
        return name
    if Path(name).is_file():
        with Path(name).open("rb") as file:
            video_id = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        if video_id in briefs:
            return video_id
    fits = [b for b in briefs.values() if b.path == name or b.path.endswith(f"/{name}")]
    if len(fits) == 1:
        return fits[0].video_id
    if fits:
        listed = ", ".join(brief.path for brief in fits[:5])
        raise UsageError(f"{name} fits {len(fits)} videos: {listed}", "name more of the path")
    raise UsageError(
        f"{dataset.root} has no video {name}", "dsbuild status -d DATASET --videos lists them"
    )


def _with_settings(root: Path, given: dict[str, object]) -> Dataset:
    """The dataset, made if need be, with the settings given kept in its file."""
    if not (root / SETTINGS_FILE).is_file():
        return Dataset.create(root, Settings().override(**given))
    dataset = Dataset.open(root)
    settings = dataset.settings.override(**given)
    if settings != dataset.settings:
        with writing(root / SETTINGS_FILE):
            write_settings(root / SETTINGS_FILE, settings)
    return replace(dataset, settings=settings)


class _Run:
    """One extraction over what was found."""

    def __init__(self, dataset: Dataset, found: Found, retry: bool) -> None:
        self._dataset = dataset
        self._found = found
        self._retry = retry
        self._briefs = read_briefs(dataset)

    def clear_unreadable(self) -> None:
        """Files that can be read again, or were not named this time, lose that record."""
        seen = {video.path for video in self._found.videos}
        seen |= {duplicate.path for duplicate in self._found.duplicates}
        for video_id, brief in self._briefs.items():
            if video_id.startswith(_UNREADABLE) and brief.path in seen:
                self._dataset.remove(video_id)

    def record_unreadable(self) -> list[Brief]:
        """A file without readable bytes has no video id; its record goes by its path."""
        briefs = []
        for lost in self._found.unreadable:
            name = hashlib.sha256(lost.path.encode()).hexdigest()[:16]
            file = VideoFile(_UNREADABLE + name, lost.location, lost.path, 0, Provenance())
            briefs.append(brief_of(self._commit_fault(file, UnreadableError(lost.reason))))
        return briefs

    def relabel(self) -> int:
        """Give records of done videos the labels that the sources have now."""
        changed = 0
        for file in self._found.videos:
            brief = self._briefs.get(file.video_id)
            wanted = brief and _merged(brief.provenance, file.provenance)
            if brief and wanted and wanted != brief.provenance:
                video = self._dataset.read(file.video_id)
                self._dataset.rewrite(replace(video, provenance=wanted))
                changed += 1
        return changed

    def extract(self, tell: Callable[[Progress], None]) -> list[Brief]:
        """Do the videos that are not current; gives them in brief."""
        from deepfake_dataset.extract.video import Job, extract_video

        jobs = [Job(file, self._dataset) for file in self._found.videos if self._is_due(file)]
        done: list[Brief] = []
        tell(Progress(0, len(jobs), None))
        settings = self._dataset.settings.run
        outcomes = run_each(
            extract_video,
            jobs,
            workers=settings.worker_count,
            limits=Limits(settings.time_limit_s, settings.memory_limit_mb),
            preload=["deepfake_dataset.extract.warm"],
        )
        with closing(outcomes):
            for outcome in outcomes:
                video = self._video_of(outcome)
                done.append(brief_of(video))
                tell(Progress(len(done), len(jobs), video))
        return done

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
