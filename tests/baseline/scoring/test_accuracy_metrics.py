"""Figures agree with scikit-learn's, and their intervals are over videos."""

import numpy as np
import pytest
from hypothesis import given
from sklearn import metrics as sk

from deepfake_dataset.baseline.scoring.accuracy_metrics import (
    compute_metrics,
    metrics_by_column,
)
from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
)

from .conftest import Rows, drawn_videos, rows, value, width

both_classes = rows.filter(lambda drawn: {label for label, _ in drawn} == {0, 1})


@given(both_classes)
def test_figures_are_those_of_scikit_learn(drawn: Rows) -> None:
    label, score = np.array(drawn).T
    scores = compute_metrics(Predictions.of(label, score), resamples=2)
    called = score >= 0.5
    assert value(scores.auc) == pytest.approx(sk.roc_auc_score(label, score))
    assert value(scores.average_precision) == pytest.approx(
        sk.average_precision_score(1 - label, 1 - score)
    )
    assert value(scores.total) == pytest.approx(sk.accuracy_score(label, called))
    assert value(scores.balanced) == pytest.approx(sk.balanced_accuracy_score(label, called))
    assert value(scores.real) == pytest.approx(sk.recall_score(label, called))
    assert value(scores.forged) == pytest.approx(sk.recall_score(1 - label, ~called))


@given(both_classes)
def test_the_equal_error_rate_lies_on_the_roc_curve(drawn: Rows) -> None:
    label, score = np.array(drawn).T
    rate = value(compute_metrics(Predictions.of(label, score), resamples=2).equal_error_rate)
    false, true, _ = sk.roc_curve(label, score, drop_intermediate=False)
    apart = false + true - 1
    after = int(np.argmax(apart >= 0))
    lowest, highest = false[max(0, after - 1)], false[after]
    assert min(lowest, highest) - 1e-9 <= rate <= max(lowest, highest) + 1e-9
    if 0 in apart:
        assert rate == pytest.approx(false[np.flatnonzero(apart == 0)].mean(), abs=1e-9)


def test_the_calibration_error_is_the_gap_in_each_bin_weighted_by_its_faces() -> None:
    label = [1, 1, 1, 0, 0, 0, 0, 1]
    score = [0.99, 0.99, 0.99, 0.99, 0.21, 0.21, 0.21, 0.21]
    error = value(compute_metrics(Predictions.of(label, score), resamples=2).calibration_error)
    assert error == pytest.approx((4 * abs(0.75 - 0.99) + 4 * abs(0.25 - 0.21)) / 8)


def test_the_confidence_error_is_of_the_surer_class_and_lets_the_two_cancel_out() -> None:
    label = [1, 1, 1, 0, 0, 0, 0, 0]
    score = [0.99, 0.99, 0.99, 0.99, 0.01, 0.01, 0.01, 0.01]
    scores = compute_metrics(Predictions.of(label, score), resamples=2)
    assert value(scores.calibration_error) == pytest.approx((4 * 0.24 + 4 * 0.01) / 8)
    assert value(scores.confidence_error) == pytest.approx(abs(7 / 8 - 0.99))


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_its_share_and_no_curve(label: int) -> None:
    only = drawn_videos(2)
    scores = compute_metrics(only.at(only.label == label))
    assert scores.auc == scores.equal_error_rate == scores.average_precision == Estimate(None)
    assert scores.balanced == Estimate(None)
    assert (scores.forged.value is None) == bool(label)
    assert (scores.real.value is None) == (not label)
    assert width(scores.total) > 0


def test_no_faces_give_no_figures() -> None:
    scores = compute_metrics(Predictions.of([], []))
    assert scores.rows == scores.videos == 0
    assert scores.total == scores.calibration_error == Estimate(None)


def test_a_method_is_measured_beside_all_real_faces() -> None:
    predictions = Predictions.of(
        [0, 0, 1, 1], [0.1, 0.9, 0.8, 0.7], method=["swap", "puppet", "", ""], codec=["h264"] * 4
    )
    puppet, swap = metrics_by_column(predictions, "method", resamples=2)
    assert (puppet.value, puppet.scores.rows, puppet.scores.auc.value) == ("puppet", 3, 0.0)
    assert (swap.value, swap.scores.rows, swap.scores.auc.value) == ("swap", 3, 1.0)
    assert [s.scores.rows for s in metrics_by_column(predictions, "codec", resamples=2)] == [4]
    assert metrics_by_column(predictions, "resolution") == ()
