"""``dsbuild review``: the queue, decisions out and in, and the desk behind the page."""

import getpass
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Verdicts, read_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.dataset.spreadsheet_safety import one_line
from deepfake_dataset.engine import make_engine
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.errors import ReviewError, SourceGoneError
from deepfake_dataset.faces.model_files import check_models
from deepfake_dataset.review.crop_measurements import MeasureTask, measure_crops
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.review.import_decisions import Applied, apply_table
from deepfake_dataset.review.measurement_cache import MeasurementCache
from deepfake_dataset.review.queue import (
    queue_path,
    rank_by_suspicion,
    update_queue_file,
    write_queue,
)
from deepfake_dataset.review.score_cache import score_faces_cached
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.sources.locate import find_source
from deepfake_dataset.storage.paths import StrPath, as_path

if TYPE_CHECKING:
    from deepfake_dataset.video.frame import Frame

_FRAMES_KEPT = 8
"""Decoded frames: 3 MB each at 1080p; a person drags landmarks over one, and looks back."""


OnProgress = Callable[[int, int], None]
"""Told how many videos are looked at of how many."""


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

    path: Path
    faces: pa.Table
    """Worst first; the columns of ``read_faces`` and ``suspicion`` and ``reasons``."""

    @property
    def summary(self) -> QueueSummary:
        """In brief."""
        reasons = pc.list_value_length(self.faces["reasons"])
        suspects = pc.sum(pc.greater(reasons, 0)).as_py() or 0
        return QueueSummary(str(self.path), self.faces.num_rows, suspects)


def refresh_queue(dataset: StrPath, *, on_progress: OnProgress = lambda *_: None) -> Queue:
    """Judge every face and write ``review/queue.csv``, worst first.

    Only crops that are new since the last time are looked at, and where nothing has changed
    at all, the file stays as it is.

    Raises :class:`DsbuildError`.
    """
    opened = Dataset.open(dataset)
    ranking = _ranked(opened, on_progress)
    return _renew(opened, ranking, verdicts(ranking.faces, read_decisions(opened)))


def export_queue(
    dataset: StrPath, file: StrPath, *, on_progress: OnProgress = lambda *_: None
) -> Queue:
    """Write the queue to a file of one's own, for :func:`apply_review`."""
    opened, file = Dataset.open(dataset), as_path(file, "file")
    faces = rank_faces(opened, on_progress)
    write_queue(file, faces, verdicts(faces, read_decisions(opened)))
    return Queue(file, faces)


def apply_review(
    dataset: StrPath,
    file: StrPath,
    *,
    reviewer: str | None = None,
    on_progress: OnProgress = lambda *_: None,
) -> Applied:
    """Make the decisions that someone wrote into an exported queue: all of them or none.

    ``reviewer`` is the user's name on this machine unless given. The queue is written anew.

    Raises :class:`ReviewFileError`, which names line and column.
    """
    opened, file = Dataset.open(dataset), as_path(file, "file")
    faces = read_faces(opened)
    applied = apply_table(
        file, ReviewSession(opened, faces, DatasetSourceFrames(opened)), reviewer or user_name()
    )
    refresh_queue(dataset, on_progress=on_progress)
    return applied


def open_review(dataset: StrPath, *, on_progress: OnProgress = lambda *_: None) -> ReviewSession:
    """A dataset open for review; its queue is written anew."""
    opened = Dataset.open(dataset)
    ranking = _ranked(opened, on_progress)
    session = ReviewSession(opened, ranking.faces, DatasetSourceFrames(opened))
    _renew(opened, ranking, session.verdicts)
    return session


def rank_faces(dataset: Dataset, on_progress: OnProgress = lambda *_: None) -> pa.Table:
    """Every face, worst first."""
    return _ranked(dataset, on_progress).faces


def user_name() -> str:
    """Who is at this machine; a container may not know."""
    with suppress(OSError, KeyError):
        return one_line(getpass.getuser())
    return "someone"


@dataclass(frozen=True, slots=True)
class _Ranking:
    key: str
    """Of the scores by which the faces are ranked."""
    faces: pa.Table


def _ranked(dataset: Dataset, on_progress: OnProgress) -> _Ranking:
    faces = read_faces(dataset)

    def measurements() -> pa.Table:
        cache = MeasurementCache.of(dataset, faces)
        return cache.with_new(_measured(dataset, cache.missing(), on_progress))

    scored = score_faces_cached(dataset, faces, measurements)
    return _Ranking(scored.key, rank_by_suspicion(faces, scored.scores))


def _renew(dataset: Dataset, ranking: _Ranking, said: Verdicts) -> Queue:
    update_queue_file(dataset, ranking.faces, said, ranking.key)
    return Queue(queue_path(dataset), ranking.faces)


def _measured(
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
        preload=["deepfake_dataset.faces.crop_recheck:load_models"],
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


@dataclass(frozen=True, slots=True)
class DatasetSourceFrames:
    """Frames and crops from the sources of a dataset. Safe to use from several threads."""

    _dataset: Dataset
    _kept: "OrderedDict[tuple[str, int], Frame]" = field(default_factory=OrderedDict)
    _places: dict[str, Path] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        """As :class:`deepfake_dataset.review.fixed_crops.SourceFrames` says."""
        from deepfake_dataset.faces.recrop import encode_jpeg

        return encode_jpeg(self._frame(location))

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        """As :class:`deepfake_dataset.review.fixed_crops.SourceFrames` says."""
        from deepfake_dataset.faces.recrop import recrop_face

        settings = self._dataset.settings.extract
        frame = self._frame(location)
        made = recrop_face(frame, location.face, settings, box=marks.box, landmarks=marks.landmarks)
        names = [name for name in RecroppedFace.__dataclass_fields__ if name != "png"]
        return RecroppedFace(**{name: getattr(made.face, name) for name in names}, png=made.png)

    def _frame(self, location: FaceLocation) -> "Frame":
        from deepfake_dataset.faces.recrop import read_source_frame

        key = location.video_id, location.face.frame
        with self._lock:
            if key not in self._kept:
                source = self._locate(location.video_id)
                self._kept[key] = read_source_frame(
                    source, location.face, self._dataset.settings.extract
                )
                if len(self._kept) > _FRAMES_KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _locate(self, video_id: str) -> Path:
        known = self._places.get(video_id)
        if known is None or not known.is_file():
            known = find_source(self._dataset, video_id)
            if known is None:
                raise SourceGoneError(
                    f"the video {video_id} is not where it was found",
                    "faces can still be kept or rejected; to see frames and to fix faces bring the"
                    " file back and run dsbuild extract over it",
                )
            self._places[video_id] = known
        return known
