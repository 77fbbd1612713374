"""``dsbuild review``: the queue, decisions out and in, and the session behind the page."""

import getpass
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.commands.source_frames import DatasetSourceFrames
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Verdicts, read_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.dataset.old_cache_migration import has_old_cache
from deepfake_dataset.dataset.spreadsheet_safety import one_line
from deepfake_dataset.engine import make_engine
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.errors import DatasetBusyError, DatasetWriteError, ReviewError
from deepfake_dataset.faces.model_files import check_models
from deepfake_dataset.review.apply_edited_csv import AppliedDecisions, apply_edited_csv
from deepfake_dataset.review.measurement_cache import MeasurementCache
from deepfake_dataset.review.measurements import MeasureTask, measure_crops
from deepfake_dataset.review.queue_csv import encode_queue_csv, update_queue_csv
from deepfake_dataset.review.queue_order import order_by_suspicion
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.suspicion_score_cache import score_faces_cached
from deepfake_dataset.storage.base import Storage
from deepfake_dataset.storage.local import write_file
from deepfake_dataset.storage.paths import StrPath, as_path

OnProgress = Callable[[int, int], None]
"""Told how many videos are measured of how many."""


def _no_progress(_done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class QueueSummary:
    """A queue in brief."""

    path: str
    faces: int
    suspects: int
    """Faces with a reason to look at them."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A dataset's queue, as it was written."""

    location: str
    """Where it lies, as people are told."""
    faces: pa.Table
    """Worst first; the columns of ``read_faces`` and ``suspicion`` and ``reasons``."""

    @property
    def summary(self) -> QueueSummary:
        """In brief."""
        reasons = pc.list_value_length(self.faces["reasons"])
        suspects = pc.sum(pc.greater(reasons, 0)).as_py() or 0
        return QueueSummary(self.location, self.faces.num_rows, suspects)


def refresh_queue(dataset: StrPath | Storage, *, on_progress: OnProgress = _no_progress) -> Queue:
    """Score every face and write ``review/queue.csv``, worst first.

    Only crops that are new since the last time are measured, and where nothing has changed
    at all, the file stays as it is.

    Raises :class:`DsbuildError`.
    """
    opened = _opened(dataset)
    ordered = _ordered_faces(opened, on_progress)
    return _update(opened, ordered, verdicts(ordered.faces, read_decisions(opened)))


def export_queue(
    dataset: StrPath | Storage, file: StrPath, *, on_progress: OnProgress = _no_progress
) -> Queue:
    """Write the queue to a file of one's own, for :func:`apply_review`."""
    opened, file = _opened(dataset), as_path(file, "file")
    faces = _ordered_faces(opened, on_progress).faces
    write_file(file, encode_queue_csv(faces, verdicts(faces, read_decisions(opened))))
    return Queue(str(file), faces)


def apply_review(
    dataset: StrPath | Storage,
    file: StrPath,
    *,
    reviewer: str | None = None,
    on_progress: OnProgress = _no_progress,
) -> AppliedDecisions:
    """Make the decisions that someone wrote into an exported queue: all of them or none.

    ``reviewer`` is the user's name on this machine unless given. The queue is written anew.

    Raises :class:`ReviewFileError`, which names line and column.
    """
    opened, file = _opened(dataset), as_path(file, "file")
    session = ReviewSession(opened, read_faces(opened), DatasetSourceFrames(opened))
    applied = apply_edited_csv(file, session, reviewer or user_name())
    refresh_queue(dataset, on_progress=on_progress)
    return applied


def open_review(
    dataset: StrPath | Storage, *, on_progress: OnProgress = _no_progress
) -> ReviewSession:
    """A dataset open for review; its queue is written anew."""
    opened = _opened(dataset)
    ordered = _ordered_faces(opened, on_progress)
    session = ReviewSession(opened, ordered.faces, DatasetSourceFrames(opened))
    _update(opened, ordered, session.verdicts)
    return session


def user_name() -> str:
    """Who is at this machine; a container may not know."""
    with suppress(OSError, KeyError):
        return one_line(getpass.getuser())
    return "someone"


def _opened(place: StrPath | Storage) -> Dataset:
    """The dataset; what an earlier version has left is moved first, unless a run is at it."""
    dataset = Dataset.open(place)
    if has_old_cache(dataset.storage):
        with suppress(DatasetBusyError, DatasetWriteError), Dataset.lease(place):
            return Dataset.open_for_writing(place)
    return dataset


@dataclass(frozen=True, slots=True)
class _OrderedFaces:
    key: str
    """Of the scores by which the faces are ordered."""
    faces: pa.Table


def _ordered_faces(dataset: Dataset, on_progress: OnProgress) -> _OrderedFaces:
    faces = read_faces(dataset)

    def measurements() -> pa.Table:
        cache = MeasurementCache.of(dataset, faces)
        return cache.with_new(_measure(dataset, cache.missing(), on_progress))

    scored = score_faces_cached(dataset, faces, measurements)
    return _OrderedFaces(scored.key, order_by_suspicion(faces, scored.scores))


def _update(dataset: Dataset, ordered: _OrderedFaces, decided: Verdicts) -> Queue:
    update_queue_csv(dataset, ordered.faces, decided, ordered.key)
    return Queue(dataset.storage.location(layout.QUEUE), ordered.faces)


def _measure(
    dataset: Dataset, video_ids: list[str], on_progress: OnProgress
) -> dict[str, pa.Table]:
    measured: dict[str, pa.Table] = {}
    if not video_ids:
        return measured
    check_models()
    from deepfake_dataset.faces.crop_recheck import recheck_crop
    from deepfake_dataset.faces.embedding import embed_crop

    settings = dataset.settings.run
    outcomes = make_engine(workers=settings.worker_count).run(
        measure_crops,
        [MeasureTask(dataset, video_id, recheck_crop, embed_crop) for video_id in video_ids],
        limits=Limits(settings.time_limit_s, settings.memory_limit_mb),
        preload=["deepfake_dataset.faces.crop_recheck:load_recheck_models"],
    )
    with closing(outcomes):
        for outcome in outcomes:
            if outcome.result is None:
                raise ReviewError(
                    f"the crops of {outcome.item.video_id} could not be looked at: {outcome.fault}",
                    "run the same command again; if it fails again, please report it",
                )
            measured[outcome.item.video_id] = outcome.result
            on_progress(len(measured), len(video_ids))
    return measured
