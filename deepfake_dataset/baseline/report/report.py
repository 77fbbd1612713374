"""The report of a training: ``report.json`` for programs, ``report.html`` for people."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from deepfake_dataset.baseline.training.history import read_history
from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.storage.local import write_file

REPORT_FILE = "report.json"
PAGE_FILE = "report.html"
DRAWN_THRESHOLD = 0.8
"""Of the confusion matrices, as in the report that this project follows: real is only what
is surely real."""
_COLUMNS = ("method", "resolution", "codec")

ReadFaces = Callable[[Sequence[str]], NDArray[np.float32]]
"""From paths of predictions to (n, side, side, 3) in [0, 1], as the model takes them."""


@dataclass(frozen=True, slots=True)
class About:
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

    about: About
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
    about: About,
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


def write_report(
    folder: Path,
    about: About,
    raw: Predictions,
    calibration: Calibration,
    *,
    threshold: float = 0.5,
    drawn_threshold: float = DRAWN_THRESHOLD,
    resamples: int = RESAMPLES,
    seed: int = 0,
    network: Any = None,
    read_faces: ReadFaces | None = None,
    read_inputs: ReadFaces | None = None,
) -> BaselineReport:
    """Write ``report.json`` and ``report.html`` into a run's folder.

    ``raw`` are the model's own scores on the test; ``history.csv`` is taken from the folder
    where it is there. ``read_faces`` gives faces for a person to look at and ``read_inputs``
    as ``network`` takes them; without the first the page shows no faces, without the second no
    activations, and without ``network`` nothing of its inside. The same arguments give the same
    bytes.

    Raises :class:`DatasetWriteError`, and what the two readers raise.
    """
    from deepfake_dataset.baseline.report.html_page import PageContents, render_page

    test = TestPredictions(raw, raw.scored(calibration.apply(raw.p_real)))
    report = make_report(
        about,
        test,
        calibration,
        threshold=threshold,
        drawn_threshold=drawn_threshold,
        resamples=resamples,
        seed=seed,
    )
    page = render_page(
        report, PageContents(test, read_history(folder), network, read_faces, read_inputs)
    )
    write_file(folder / PAGE_FILE, page)
    write_file(folder / REPORT_FILE, json.dumps(to_row(report), indent=2) + "\n")
    return report
