"""What the command line can do, as functions: one for each command."""

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.briefs import Brief, brief_of, read_briefs
from deepfake_dataset.dataset import SETTINGS_FILE, Dataset, writing
from deepfake_dataset.engine import Limits, Outcome, run_each
from deepfake_dataset.errors import UnreadableError, UsageError, VideoError
from deepfake_dataset.lock import exclusive
from deepfake_dataset.records import Label, Provenance, Status, Video, VideoFile
from deepfake_dataset.settings import Settings, write_settings
from deepfake_dataset.sources.discover import Found, find_videos, list_videos
from deepfake_dataset.sources.fingerprints import Fingerprints
from deepfake_dataset.tallies import Summary, Totals, totals_of

if TYPE_CHECKING:
    from PIL.Image import Image

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


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo made."""

    videos: Path
    dataset: Path
    sheet: Path
    summary: Summary


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
        fingerprints = Fingerprints(opened.cache_folder / FINGERPRINTS)
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
    from deepfake_dataset.report.sheet import draw_video, stills_of

    opened = Dataset.open(dataset)
    file_id = _id_of(Path(video))
    record = opened.read(_find_video(video, file_id, opened))
    known = Fingerprints(opened.cache_folder / FINGERPRINTS)
    source = Path(video) if record.video_id == file_id else known.locate(record.video_id)
    wanted = stills_of(record)
    stills = read_stills(source, wanted) if source else {}
    target = output or opened.root / "reports" / f"{record.video_id}.png"
    with _crops_there():
        picture = draw_video(record, lambda face: opened.face_path(record.video_id, face), stills)
    _save(picture, target)
    return target


def draw_dataset(dataset: Path, output: Path | None = None) -> Path:
    """Draw a row of faces for each video; ``reports/overview.png`` unless ``output`` says else."""
    from deepfake_dataset.report.overview import draw_overview

    opened = Dataset.open(dataset)
    videos = sorted(opened.videos(), key=lambda video: video.path)
    with _crops_there():
        picture = draw_overview(dataset.name, read_status(dataset), videos, opened.face_path)
    target = output or opened.root / "reports" / "overview.png"
    _save(picture, target)
    return target


def make_demo(folder: Path, tell: Callable[[Progress], None] = lambda _: None) -> Demo:
    """Film the demo's videos, extract their faces, draw the overview; all below ``folder``.

    Raises :class:`UsageError` where the ``demo`` extra is not installed.
    """
    from deepfake_dataset.demo import make_videos

    videos, dataset = folder / "videos", folder / "dataset"
    make_videos(videos)
    summary = extract_faces([videos], dataset, labels=videos / "labels.csv", tell=tell)
    return Demo(videos, dataset, draw_dataset(dataset), summary)


def _save(picture: "Image", target: Path) -> None:
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target, "JPEG" if target.suffix in (".jpg", ".jpeg") else "PNG")


@contextmanager
def _crops_there() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            f"the crop {error.filename} is missing",
            "delete its video's record in videos/ and run dsbuild extract again",
        ) from error


def _find_video(name: str, file_id: str | None, dataset: Dataset) -> str:
    """The id of the one video that a user means."""
    briefs = read_briefs(dataset)
    for video_id in (name, file_id):
        if video_id in briefs:
            return video_id
    fits = [b for b in briefs.values() if b.path == name or b.path.endswith(f"/{name}")]
    if len(fits) == 1:
        return fits[0].video_id
    if fits:
        listed = ", ".join(brief.path for brief in fits[:5])
        raise UsageError(f"{name} fits {len(fits)} videos: {listed}", "name more of the path")
    near = get_close_matches(name, [brief.path for brief in briefs.values()], n=1)
    raise UsageError(
        f"{dataset.root} has no video {name}",
        f"did you mean {near[0]}?" if near else "dsbuild extract VIDEOS -d DATASET adds it",
    )


def _id_of(file: Path) -> str | None:
    with suppress(OSError), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
    return None


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
