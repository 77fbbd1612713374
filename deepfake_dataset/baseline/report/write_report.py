"""Writes the report of a training: ``report.json`` for programs, ``report.html`` for people."""

import json
from typing import Any

from deepfake_dataset.baseline.report.html_page import PageContents, ReadFaces, render_page
from deepfake_dataset.baseline.report.report_json import (
    DRAWN_THRESHOLD,
    BaselineReport,
    TestPredictions,
    TrainingSummary,
    make_report,
)
from deepfake_dataset.baseline.scoring.calibration import Calibration
from deepfake_dataset.baseline.scoring.confidence_intervals import RESAMPLES
from deepfake_dataset.baseline.scoring.predictions import Predictions
from deepfake_dataset.baseline.training.history import read_history
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.schema import to_row


def write_report(
    run: RunFolder,
    about: TrainingSummary,
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

    ``raw`` are the model's own scores on the test; ``history.csv`` is taken from there
    where it is there. ``read_faces`` gives faces for a person to look at and ``read_inputs``
    as ``network`` takes them; without the first the page shows no faces, without the second no
    activations, and without ``network`` nothing of its inside. The same arguments give the same
    bytes.

    Raises :class:`DatasetWriteError`, and what the two readers raise.
    """
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
        report, PageContents(test, read_history(run), network, read_faces, read_inputs)
    )
    run.write(layout.MODEL_PAGE, page)
    run.write(layout.MODEL_REPORT, json.dumps(to_row(report), indent=2) + "\n")
    return report
