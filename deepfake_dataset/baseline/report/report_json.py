"""The report of a training as a record, which ``report.json`` holds: every figure of a test."""

from dataclasses import dataclass

from deepfake_dataset.baseline.scoring.accuracy_metrics import (
    AccuracyMetrics,
    Slice,
    compute_metrics,
    metrics_by_column,
)
from deepfake_dataset.baseline.scoring.calibration import Calibration
from deepfake_dataset.baseline.scoring.confidence_intervals import RESAMPLES, Estimate
from deepfake_dataset.baseline.scoring.confusion_matrix import ConfusionMatrix, confusion_matrix
from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
    videos_by_mean,
    videos_by_share,
)

DRAWN_THRESHOLD = 0.8
"""Of the confusion matrices, as in the report that this project follows: real is only what
is surely real."""
_COLUMNS = ("method", "resolution", "codec")


@dataclass(frozen=True, slots=True)
class TrainingSummary:
    """What was trained and on what."""

    run: str
    model: str
    parameters: int
    recipe: str
    seed: int
    trained_on: int
    """Faces."""
    validated_on: int
    tested_on: int
    command: str = ""
    """That repeats it; empty where it was not run from the command line."""


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """How good a model is on faces that it has not seen."""

    about: TrainingSummary
    calibration: Calibration
    threshold: float
    """At or above it p_real counts as real."""
    resamples: int
    """Of videos, behind each interval."""
    per_frame: AccuracyMetrics
    per_video_by_mean: AccuracyMetrics
    """A video's score is the mean p_real of its faces."""
    per_video_by_share: AccuracyMetrics
    """A video's score is the share of its faces at or above the threshold, and the video
    counts as real from one half on."""
    calibration_error_before: Estimate
    """Of the scores as the model gives them; all other figures are of calibrated ones."""
    frame_confusion: ConfusionMatrix
    video_confusion: ConfusionMatrix
    """By mean p_real."""
    slices: tuple[Slice, ...]
    """Frames by method, resolution and codec."""


@dataclass(frozen=True, slots=True, eq=False)
class TestPredictions:
    """Predictions on the faces of a test."""

    raw: Predictions
    """As the model says."""
    calibrated: Predictions

    __test__ = False  # pytest would take it for one of its own


def make_report(
    about: TrainingSummary,
    test: TestPredictions,
    calibration: Calibration,
    *,
    threshold: float = 0.5,
    drawn_threshold: float = DRAWN_THRESHOLD,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> BaselineReport:
    """Every figure of a test; a slice or class without faces has figures of None."""
    frames, videos = test.calibrated, videos_by_mean(test.calibrated)

    def scores(of: Predictions, at: float = threshold) -> AccuracyMetrics:
        return compute_metrics(of, at, resamples=resamples, seed=seed)

    return BaselineReport(
        about=about,
        calibration=calibration,
        threshold=threshold,
        resamples=resamples,
        per_frame=scores(frames),
        per_video_by_mean=scores(videos),
        per_video_by_share=scores(videos_by_share(frames, threshold), 0.5),
        calibration_error_before=scores(test.raw).calibration_error,
        frame_confusion=confusion_matrix(frames, drawn_threshold),
        video_confusion=confusion_matrix(videos, drawn_threshold),
        slices=tuple(
            part
            for column in _COLUMNS
            for part in metrics_by_column(frames, column, threshold, resamples=resamples, seed=seed)
        ),
    )
