"""``dsbuild run``: what cron calls on a folder in which videos keep arriving."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deepfake_dataset.commands.extract import Progress, RunPolicy, extract_into
from deepfake_dataset.commands.follow_up import Result, Step, follow_up
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.totals import Summary
from deepfake_dataset.engine.graceful_stop import ending_when_asked
from deepfake_dataset.errors import DsbuildError
from deepfake_dataset.records import Status, Video
from deepfake_dataset.report.prometheus_metrics import Gauge, write_metrics
from deepfake_dataset.report.run_log import Note, writing_log
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.list_files import list_files
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.paths import StrPath, as_path, as_paths, optional_path

EXIT_FAULT, EXIT_SOME_FAILED, EXIT_INTERRUPTED = 1, 2, 130
SETTLE_S = 60.0
"""Longer than the pause of a copy over a busy network, far shorter than an hour."""
GRACE_S = 60.0
"""Less than the 90 s after which systemd kills."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one unattended run came to."""

    extraction: Summary
    steps: tuple[Step, ...]
    asked_to_end: bool
    seconds: float

    @property
    def failed(self) -> int:
        """Videos that failed in this run."""
        return sum(c.videos for c in self.extraction.done.cells if c.status == Status.FAILED)

    @property
    def exit_code(self) -> int:
        """As the command line gives it: 0, 1, 2 or 130."""
        if self.asked_to_end:
            return EXIT_INTERRUPTED
        if any(step.result is Result.FAILED for step in self.steps):
            return EXIT_FAULT
        return EXIT_SOME_FAILED if self.failed else 0


def run_unattended(
    videos: StrPath | Sequence[StrPath],
    dataset: StrPath,
    *,
    labels: StrPath | None = None,
    settle_s: float = SETTLE_S,
    grace_s: float = GRACE_S,
    wait: bool = False,
    split: bool = False,
    train: bool = False,
    metrics: StrPath | None = None,
    log_json: bool = False,
    on_progress: Callable[[Video], None] = lambda _: None,
) -> RunSummary:
    """Extract what is new, refresh the review queue, split and train where told to.

    A queue, a split and a training whose inputs have not changed are left as they are. Videos
    that failed are tried again in later runs, three in all; ``on_progress`` hears of each when it
    fails for the first time. What is done and what fails goes to the dataset's log, and to
    ``metrics`` as numbers, however the run ends.

    Asked to end (SIGTERM, SIGHUP), it finishes the videos in hand for up to ``grace_s``
    seconds and begins nothing new.

    Raises :class:`DsbuildError` where the fault is not a video's: the dataset is held by
    another run (and not told to ``wait``), cannot be read or written, or models are missing.
    """
    videos, dataset = as_paths(videos, "videos"), as_path(dataset, "dataset")
    labels = optional_path(labels, "labels")
    metrics = optional_path(metrics, "metrics")
    if not Dataset.is_at(dataset):
        list_files(videos)  # a mistyped source should not leave an empty dataset behind
        Dataset.create(dataset, Settings())
    with (
        Dataset.lease(dataset, wait=wait) as lease,
        writing_log(LocalStorage(dataset), log_json) as note,
        _measured(dataset, metrics) as measure,
        ending_when_asked(grace_s) as stopped,
        _told(note),
    ):
        note("began", dataset=str(dataset.absolute()))
        began = time.monotonic()
        opened = Dataset.open_for_writing(dataset)
        policy = RunPolicy(settle_s, arriving=True, backs_off=True, stopped=stopped)
        extraction = extract_into(
            opened,
            videos,
            lease,
            labels=labels,
            policy=policy,
            on_progress=_reporter(note, on_progress),
        )
        steps = () if stopped() else follow_up(opened, split=split, train=train, note=note)
        summary = RunSummary(
            extraction=extraction,
            steps=steps,
            asked_to_end=stopped(),
            seconds=time.monotonic() - began,
        )
        measure.summary = summary
        note("ended", **_in_brief(summary))
    return summary


def _reporter(note: Note, on_progress: Callable[[Video], None]) -> Callable[[Progress], None]:
    """Writes the log while videos end, and tells people of a failure once."""

    def report(progress: Progress) -> None:
        video = progress.video
        if video is None:
            note("found", due=progress.to_do)
            return
        what = {"video": video.video_id, "path": video.path}
        if video.status is Status.OK:
            note("done", **what, faces=len(video.faces), scenes=len(video.scenes))
            return
        note(str(video.status), **what, error=video.error, message=video.message)
        if not progress.again:
            on_progress(video)

    return report


def _in_brief(summary: RunSummary) -> dict[str, object]:
    extraction = summary.extraction
    return {
        "seconds": round(summary.seconds, 1),
        "done": extraction.done.videos,
        "faces": extraction.done.faces,
        "failed": summary.failed,
        "given_up": extraction.given_up,
        "unsettled": extraction.unsettled,
        "renamed": extraction.renamed,
        "replaced": extraction.replaced,
        "gone": extraction.gone,
        "left": extraction.left,
    }


@contextmanager
def _told(note: Note) -> Iterator[None]:
    """Write into the log why a run ended early."""
    try:
        yield
    except DsbuildError as error:
        note("stopped", error=type(error).__name__, message=str(error), hint=error.hint)
        raise
    except BaseException as error:
        note("stopped", error=type(error).__name__, message=str(error))
        raise


@dataclass(slots=True)
class _Measure:
    """What is known of a run when its metrics are written."""

    summary: RunSummary | None = None


@contextmanager
def _measured(dataset: Path, file: Path | None) -> Iterator[_Measure]:
    """Write the metrics at the end, however it comes; without a file, none."""
    began, measure = time.monotonic(), _Measure()
    code = EXIT_FAULT
    try:
        yield measure
        code = measure.summary.exit_code if measure.summary else 0
    except DsbuildError as error:
        code = error.exit_code
        raise
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
        raise
    finally:
        if file is not None:
            write_metrics(file, _gauges(dataset, measure, time.monotonic() - began, code))


def _gauges(dataset: Path, measure: _Measure, seconds: float, code: int) -> Iterator[Gauge]:
    where = ("dataset", str(dataset.absolute()))
    yield _one("dsbuild_run_end_time_seconds", "When the last run ended.", time.time(), where)
    yield _one("dsbuild_run_seconds", "How long the last run took.", seconds, where)
    yield _one("dsbuild_run_exit_code", "Of the last run: 0 is well.", code, where)
    with suppress(OSError):
        free = shutil.disk_usage(dataset).free
        yield _one("dsbuild_disk_free_bytes", "Free on the dataset's disk.", free, where)
    if measure.summary is not None:
        yield from _gauges_of(measure.summary, where)


def _gauges_of(summary: RunSummary, where: tuple[str, str]) -> Iterator[Gauge]:
    held, done = summary.extraction.all, summary.extraction.done
    videos = (((where, ("label", c.label), ("status", c.status)), c.videos) for c in held.cells)
    errors = (((where, ("error", count.name)), count.number) for count in held.errors)
    yield Gauge("dsbuild_videos", "Videos that the dataset holds.", tuple(videos))
    yield Gauge("dsbuild_errors", "Videos without faces, by error.", tuple(errors))
    for name, help_, value in (
        ("dsbuild_faces", "Faces that the dataset holds.", held.faces),
        (
            "dsbuild_given_up",
            "Failed videos that are not tried again.",
            summary.extraction.given_up,
        ),
        ("dsbuild_run_videos", "Videos done in the last run.", done.videos),
        ("dsbuild_run_faces", "Faces made in the last run.", done.faces),
        ("dsbuild_run_failed", "Videos that failed in the last run.", summary.failed),
        ("dsbuild_run_unsettled", "Files still being written.", summary.extraction.unsettled),
        ("dsbuild_run_left", "Videos left for the next run.", summary.extraction.left),
    ):
        yield _one(name, help_, value, where)
    for step in summary.steps:
        labels = where, ("step", step.name)
        yield Gauge("dsbuild_step_ok", "Whether it is up to date.", ((labels, step.ok),))


def _one(name: str, help_: str, value: float, where: tuple[str, str]) -> Gauge:
    return Gauge(name, help_, (((where,), value),))
