"""Intervals are over videos, not over faces."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given

from deepfake_dataset.baseline.scoring.accuracy_metrics import (
    AccuracyMetrics,
    compute_metrics,
)
from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
)

from .conftest import Rows, drawn_videos, rows, value, width


@given(rows)
def test_every_interval_holds_order_and_range(drawn: Rows) -> None:
    label, score = np.array(drawn).T
    scores = compute_metrics(Predictions.of(label, score), resamples=20)
    for field in fields(AccuracyMetrics):
        estimate = getattr(scores, field.name)
        if isinstance(estimate, Estimate) and estimate.low is not None:
            assert estimate.high is not None
            assert -1e-9 <= estimate.low <= estimate.high <= 1 + 1e-9


def test_more_faces_of_the_same_videos_narrow_no_interval() -> None:
    few, many = compute_metrics(drawn_videos(1)), compute_metrics(drawn_videos(50))
    assert value(few.auc) == pytest.approx(value(many.auc))
    assert width(many.auc) == pytest.approx(width(few.auc), rel=0.05)
    assert width(many.auc) > 0.05


def test_more_videos_narrow_it() -> None:
    few, many = compute_metrics(drawn_videos(2, 40)), compute_metrics(drawn_videos(2, 640))
    assert width(many.balanced) < width(few.balanced) / 2


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = value(compute_metrics(drawn_videos(1, 20000), resamples=0).auc)
    covered = 0
    for seed in range(100):
        auc = compute_metrics(drawn_videos(3, 80, seed), resamples=300).auc
        assert auc.low is not None
        assert auc.high is not None
        covered += auc.low <= truth <= auc.high
    assert 86 <= covered <= 100


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    predictions = drawn_videos(2)
    assert compute_metrics(predictions, seed=1) == compute_metrics(predictions, seed=1)
    assert compute_metrics(predictions, seed=1) != compute_metrics(predictions, seed=2)


def test_memory_at_a_time_changes_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = drawn_videos(3)
    whole = compute_metrics(predictions)
    monkeypatch.setattr("deepfake_dataset.baseline.scoring.accuracy_metrics._AT_ONCE", 7)
    parts = compute_metrics(predictions)
    assert value(parts.auc) == value(whole.auc)
    assert width(parts.auc) == pytest.approx(width(whole.auc))


def test_levels_of_score_leave_figures_exact_and_intervals_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    video = rng.integers(0, 80, 6000)
    label = video % 2
    predictions = Predictions.of(label, rng.beta(2 + label, 3), video=video)
    coarse = compute_metrics(predictions)
    monkeypatch.setattr("deepfake_dataset.baseline.scoring.accuracy_metrics.LEVELS", 6000)
    fine = compute_metrics(predictions)
    for name in ("auc", "average_precision", "equal_error_rate"):
        one, other = getattr(coarse, name), getattr(fine, name)
        assert one.value == other.value
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-3)


def test_a_class_with_one_video_has_no_interval() -> None:
    scores = compute_metrics(
        Predictions.of([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.3], video=["a", "a", "b", "c"])
    )
    assert scores.auc == Estimate(1.0)
    assert scores.forged == Estimate(1.0)
