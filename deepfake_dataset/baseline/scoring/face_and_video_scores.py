"""Scores of faces and videos as rows for people and programs: ``faces.csv``, ``videos.csv``."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from deepfake_dataset.baseline.data.images_to_score import UNKNOWN
from deepfake_dataset.baseline.scoring.accuracy_metrics import AccuracyMetrics, compute_metrics
from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
    videos_by_mean,
    videos_by_share,
)
from deepfake_dataset.dataset.spreadsheet_safety import formula_safe
from deepfake_dataset.records import Label

_LABELS = {1: Label.REAL, 0: Label.FAKE, UNKNOWN: Label.UNKNOWN}
LABEL_NUMBERS = {label: number for number, label in _LABELS.items()}
"""From a label to its number in predictions."""


@dataclass(frozen=True, slots=True)
class FaceScore:
    """What was said of a face."""

    path: str
    """Of the image, as in the manifest or below the folder; of a video's face, its video."""
    label: Label
    p_real: float
    video: str
    scene: int | None = None
    frame: int | None = None
    time_s: float | None = None
    """These three of faces that come from a dataset or a video."""


@dataclass(frozen=True, slots=True)
class VideoScore:
    """What was said of a video, or why nothing was."""

    video: str
    label: Label
    faces: int
    p_real: float | None = None
    """Mean of its faces'; None where there is none."""
    share_real: float | None = None
    """Share of its faces at or above the threshold."""
    called: str = ""
    """``real`` where the mean is at or above the threshold, else ``fake``."""
    error: str = ""
    """A code of :data:`deepfake_dataset.errors.VIDEO_ERRORS`."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ScoringResult:
    """What a network said."""

    model: str
    temperature: float
    bias: float
    threshold: float
    faces: tuple[FaceScore, ...]
    videos: tuple[VideoScore, ...]
    per_face: AccuracyMetrics | None
    """How good that is; None where it is not known of any face what it is."""
    per_video: AccuracyMetrics | None
    """By the mean p_real of each video's faces."""
    unreadable: tuple[str, ...] = ()
    """Images that were passed over."""
    output: str = ""
    """Folder written to; empty where none was asked for."""


def face_scores(scores: Predictions) -> tuple[FaceScore, ...]:
    """A row a face."""
    columns = (scores.path, scores.label, scores.p_real, scores.video)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(FaceScore(path, _LABELS[label], p, video) for path, label, p, video in rows)


def video_scores(scores: Predictions, threshold: float) -> tuple[VideoScore, ...]:
    """A row a video, by the order of their names."""
    faces = np.bincount(scores.units).tolist() if len(scores) else []
    means, shares = videos_by_mean(scores), videos_by_share(scores, threshold)
    columns = (means.video, means.label, means.p_real, shares.p_real)
    rows = zip(*(column.tolist() for column in columns), faces, strict=True)
    return tuple(
        VideoScore(
            video, _LABELS[label], number, mean, share, "real" if mean >= threshold else "fake"
        )
        for video, label, mean, share, number in rows
    )


def metrics_where_labelled(
    scores: Predictions, threshold: float
) -> tuple[AccuracyMetrics, AccuracyMetrics] | tuple[None, None]:
    """How good scores are per face and per video, where labels are known."""
    known = scores.at(scores.label != UNKNOWN)
    if not len(known):
        return None, None
    return compute_metrics(known, threshold), compute_metrics(videos_by_mean(known), threshold)


def scores_csv(rows: Sequence[FaceScore] | Sequence[VideoScore], record: type) -> str:
    """The lines of a CSV in which a spreadsheet runs nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f.name for f in fields(record)])
    writer.writerows(_cells(astuple(row)) for row in rows)
    return text.getvalue()


def _cells(values: Iterable[object]) -> Iterable[str]:
    for value in values:
        yield f"{value:.6f}" if isinstance(value, float) else formula_safe(_text(value))


def _text(value: object) -> str:
    return "" if value is None else str(value)
