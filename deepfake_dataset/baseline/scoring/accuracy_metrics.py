"""How good scores are: per face and per video, each figure with an interval over videos.

Frames of one video are near copies, so an interval over frames would be far too narrow:
resampling draws whole videos, from the real and the forged ones apart, so that both classes
are in every resample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.scoring.auc_and_eer import (
    auc_precision_and_equal_error,
    rows_by_score_level,
)
from deepfake_dataset.baseline.scoring.confidence_intervals import (
    RESAMPLES,
    Estimate,
    estimate_with_interval,
    resample_videos,
)
from deepfake_dataset.baseline.scoring.predictions import Floats, Predictions

LEVELS = 2000
"""Steps of score in resamples: ranks of more faces fall into so many, which moves an area
under a curve by less than .001 and the ends of intervals by far less than resampling does.
Figures themselves are exact."""
BINS = 15
"""Of both calibration errors, equally wide (as many as in Guo et al. 2017)."""
_AT_ONCE = 250  # resamples in memory, each of as many numbers as there are levels


@dataclass(frozen=True, slots=True)
class AccuracyMetrics:
    """How good predictions are. Rows are faces, or videos."""

    rows: int
    videos: int
    fake_rows: int
    real_rows: int
    forged: Estimate
    """Share of the forged rows below the threshold."""
    real: Estimate
    """Share of the real rows at or above the threshold."""
    total: Estimate
    """Share of all rows on their side of the threshold: the accuracy."""
    balanced: Estimate
    """Mean of forged and real: the balanced accuracy."""
    auc: Estimate
    """Area under the ROC curve."""
    average_precision: Estimate
    """Of finding the forged rows."""
    equal_error_rate: Estimate
    """Where as many real rows are called forged as forged ones are missed."""
    calibration_error: Estimate
    """Mean distance of p_real from the share that is real; what the reliability curve shows."""
    confidence_error: Estimate
    """Expected calibration error of Guo et al. 2017 (eq. 3): mean distance of the surer class's
    probability from how often it is right. What is too high for one class and too low for
    the other cancels out in it: the one above is the stricter."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How good predictions are where a column has one value."""

    column: str
    value: str
    scores: AccuracyMetrics


def compute_metrics(
    predictions: Predictions,
    threshold: float = 0.5,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> AccuracyMetrics:
    """Every figure with its interval; the same seed gives the same interval."""
    label, units = predictions.label, predictions.units
    videos = int(units.max()) + 1 if len(units) else 0
    unit_label = np.zeros(videos, np.int64)
    unit_label[units] = label
    exact = _figures(predictions, units, videos, threshold, len(label))
    coarse = _figures(predictions, units, videos, threshold, LEVELS)
    once = exact(np.ones((1, videos)))
    drawn = resample_videos(unit_label, resamples, np.random.default_rng(seed))
    parts = [coarse(drawn[at : at + _AT_ONCE]) for at in range(0, len(drawn), _AT_ONCE)]
    return AccuracyMetrics(
        rows=len(label),
        videos=videos,
        fake_rows=int((label == 0).sum()),
        real_rows=int((label == 1).sum()),
        **{
            name: estimate_with_interval(once[name], [part[name] for part in parts])
            for name in once
        },
    )


def metrics_by_column(
    predictions: Predictions,
    column: str,
    threshold: float = 0.5,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Scores for each value of a text column; rows with an empty one are left out.

    A method's forged rows stand beside all real ones, which have no method.
    """
    values, label = getattr(predictions, column), predictions.label
    mates = (label == 1) if column == "method" else np.zeros(len(label), np.bool_)
    forged = (label == 0) if column == "method" else np.ones(len(label), np.bool_)
    return tuple(
        Slice(
            column,
            str(value),
            compute_metrics(
                predictions.at(mates | (values == value)),
                threshold,
                resamples=resamples,
                seed=seed,
            ),
        )
        for value in np.unique(values[forged])
        if value
    )


def _figures(
    predictions: Predictions, units: NDArray[np.intp], videos: int, threshold: float, levels: int
) -> Callable[[Floats], dict[str, Floats | None]]:
    """A function from (n, videos) weights of videos to (n,) values of each figure.

    All that figures need of the rows is summed for each video beforehand.
    """
    label, p_real = predictions.label, predictions.p_real
    right = (p_real >= threshold) == (label == 1)
    confidence = np.maximum(p_real, 1 - p_real)
    sure_and_right = (p_real >= 0.5) == (label == 1)
    rest = _binned(p_real, label - p_real, units, videos)
    rest_sure = _binned(confidence, sure_and_right - confidence, units, videos)
    sums = [
        np.bincount(units[rows], minlength=videos).astype(np.float64)
        for rows in (label == 0, label == 1, (label == 0) & right, (label == 1) & right)
    ]
    fake_at, real_at = (
        rows_by_score_level(p_real, units, label == side, videos, levels) for side in (0, 1)
    )

    def figures(weights: Floats) -> dict[str, Floats | None]:
        fakes, reals, fakes_right, reals_right = (weights @ of for of in sums)
        forged, real = _share(fakes_right, fakes), _share(reals_right, reals)
        both = forged is not None and real is not None
        none = (None, None, None)
        auc, precision, equal = (
            auc_precision_and_equal_error(weights @ fake_at, weights @ real_at) if both else none
        )
        return {
            "forged": forged,
            "real": real,
            "total": _share(fakes_right + reals_right, fakes + reals),
            "balanced": None if forged is None or real is None else (forged + real) / 2,
            "auc": auc,
            "average_precision": precision,
            "equal_error_rate": equal,
            "calibration_error": _share(np.abs(weights @ rest).sum(axis=1), fakes + reals),
            "confidence_error": _share(np.abs(weights @ rest_sure).sum(axis=1), fakes + reals),
        }

    return figures


def _binned(where: Floats, what: Floats, units: NDArray[np.intp], videos: int) -> Floats:
    """(videos, BINS) sums of ``what`` by video and by the bin of ``where`` in [0, 1]."""
    bins = np.minimum((where * BINS).astype(np.intp), BINS - 1)
    sums = np.zeros((videos, BINS))
    np.add.at(sums, (units, bins), what)
    return sums


def _share(part: Floats, whole: Floats) -> Floats | None:
    return part / whole if (whole > 0).all() else None
