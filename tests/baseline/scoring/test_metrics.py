"""Figures agree with scikit-learn's, and their intervals are over videos."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from deepfake_dataset.baseline.scoring.metrics import (
    Confusion,
    Estimate,
    Predictions,
    Scores,
    by_mean,
    by_share,
    confusion,
    measure,
    sliced,
)

Rows = list[tuple[int, float]]
rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8).map(lambda n: n / 8)), min_size=2, max_size=60
)
both_classes = rows.filter(lambda drawn: {label for label, _ in drawn} == {0, 1})


def drawn_videos(per_video: int, videos: int = 60, seed: int = 0) -> Predictions:
    """Videos whose faces all have the same score."""
    rng = np.random.default_rng(seed)
    label = np.arange(videos) % 2
    score = np.clip(rng.normal(0.35 + 0.3 * label, 0.25), 0, 1)
    video = np.repeat(np.arange(videos), per_video)
    return Predictions.of(label[video], score[video], video=video)


def value(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low


@given(both_classes)
def test_figures_are_those_of_scikit_learn(drawn: Rows) -> None:
    label, score = np.array(drawn).T
    scores = measure(Predictions.of(label, score), resamples=2)
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
    rate = value(measure(Predictions.of(label, score), resamples=2).equal_error_rate)
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
    error = value(measure(Predictions.of(label, score), resamples=2).calibration_error)
    assert error == pytest.approx((4 * abs(0.75 - 0.99) + 4 * abs(0.25 - 0.21)) / 8)


def test_the_confidence_error_is_of_the_surer_class_and_lets_the_two_cancel_out() -> None:
    label = [1, 1, 1, 0, 0, 0, 0, 0]
    score = [0.99, 0.99, 0.99, 0.99, 0.01, 0.01, 0.01, 0.01]
    scores = measure(Predictions.of(label, score), resamples=2)
    assert value(scores.calibration_error) == pytest.approx((4 * 0.24 + 4 * 0.01) / 8)
    assert value(scores.confidence_error) == pytest.approx(abs(7 / 8 - 0.99))


@given(rows)
def test_every_interval_holds_order_and_range(drawn: Rows) -> None:
    label, score = np.array(drawn).T
    scores = measure(Predictions.of(label, score), resamples=20)
    for field in fields(Scores):
        estimate = getattr(scores, field.name)
        if isinstance(estimate, Estimate) and estimate.low is not None:
            assert estimate.high is not None
            assert -1e-9 <= estimate.low <= estimate.high <= 1 + 1e-9


def test_more_faces_of_the_same_videos_narrow_no_interval() -> None:
    few, many = measure(drawn_videos(1)), measure(drawn_videos(50))
    assert value(few.auc) == pytest.approx(value(many.auc))
    assert width(many.auc) == pytest.approx(width(few.auc), rel=0.05)
    assert width(many.auc) > 0.05


def test_more_videos_narrow_it() -> None:
    few, many = measure(drawn_videos(2, 40)), measure(drawn_videos(2, 640))
    assert width(many.balanced) < width(few.balanced) / 2


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = value(measure(drawn_videos(1, 20000), resamples=0).auc)
    covered = 0
    for seed in range(100):
        auc = measure(drawn_videos(3, 80, seed), resamples=300).auc
        assert auc.low is not None
        assert auc.high is not None
        covered += auc.low <= truth <= auc.high
    assert 86 <= covered <= 100


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    predictions = drawn_videos(2)
    assert measure(predictions, seed=1) == measure(predictions, seed=1)
    assert measure(predictions, seed=1) != measure(predictions, seed=2)


def test_memory_at_a_time_changes_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions = drawn_videos(3)
    whole = measure(predictions)
    monkeypatch.setattr("deepfake_dataset.baseline.scoring.metrics._AT_ONCE", 7)
    parts = measure(predictions)
    assert value(parts.auc) == value(whole.auc)
    assert width(parts.auc) == pytest.approx(width(whole.auc))


def test_levels_of_score_leave_figures_exact_and_intervals_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    video = rng.integers(0, 80, 6000)
    label = video % 2
    predictions = Predictions.of(label, rng.beta(2 + label, 3), video=video)
    coarse = measure(predictions)
    monkeypatch.setattr("deepfake_dataset.baseline.scoring.metrics.LEVELS", 6000)
    fine = measure(predictions)
    for name in ("auc", "average_precision", "equal_error_rate"):
        one, other = getattr(coarse, name), getattr(fine, name)
        assert one.value == other.value
        assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-3)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_its_share_and_no_curve(label: int) -> None:
    only = drawn_videos(2)
    scores = measure(only.at(only.label == label))
    assert scores.auc == scores.equal_error_rate == scores.average_precision == Estimate(None)
    assert scores.balanced == Estimate(None)
    assert (scores.forged.value is None) == bool(label)
    assert (scores.real.value is None) == (not label)
    assert width(scores.total) > 0


def test_no_faces_give_no_figures() -> None:
    scores = measure(Predictions.of([], []))
    assert scores.rows == scores.videos == 0
    assert scores.total == scores.calibration_error == Estimate(None)


def test_a_class_with_one_video_has_no_interval() -> None:
    scores = measure(Predictions.of([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.3], video=["a", "a", "b", "c"]))
    assert scores.auc == Estimate(1.0)
    assert scores.forged == Estimate(1.0)


def test_a_video_is_scored_by_mean_and_by_share() -> None:
    predictions = Predictions.of(
        [0, 0, 0, 1], [0.0, 0.6, 0.6, 0.9], video=["f", "f", "f", "r"], codec=["x", "x", "x", "y"]
    )
    mean, share = by_mean(predictions), by_share(predictions)
    assert mean.video.tolist() == share.video.tolist() == ["f", "r"]
    assert mean.p_real.tolist() == pytest.approx([0.4, 0.9])
    assert share.p_real.tolist() == pytest.approx([2 / 3, 1])
    assert mean.codec.tolist() == ["x", "y"]
    assert by_share(predictions, 0.7).p_real.tolist() == [0, 1]


def test_faces_without_a_video_are_videos_of_their_own() -> None:
    assert len(by_mean(Predictions.of([0, 1], [0.1, 0.9], path=["a", "b"]))) == 2
    assert len(by_mean(Predictions.of([0, 0, 1], [0.1, 0.2, 0.9]))) == 3


def test_a_video_of_both_labels_is_two() -> None:
    both = Predictions.of([0, 1, 1], [0.1, 0.9, 0.7], video=["a", "a", "a"])
    assert by_mean(both).label.tolist() == [0, 1]
    assert by_mean(both).p_real.tolist() == pytest.approx([0.1, 0.8])


def test_a_method_is_measured_beside_all_real_faces() -> None:
    predictions = Predictions.of(
        [0, 0, 1, 1], [0.1, 0.9, 0.8, 0.7], method=["swap", "puppet", "", ""], codec=["h264"] * 4
    )
    puppet, swap = sliced(predictions, "method", resamples=2)
    assert (puppet.value, puppet.scores.rows, puppet.scores.auc.value) == ("puppet", 3, 0.0)
    assert (swap.value, swap.scores.rows, swap.scores.auc.value) == ("swap", 3, 1.0)
    assert [s.scores.rows for s in sliced(predictions, "codec", resamples=2)] == [4]
    assert sliced(predictions, "resolution") == ()


def test_counts_of_right_and_wrong_depend_on_the_threshold() -> None:
    predictions = Predictions.of([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.8])
    assert confusion(predictions, 0.5) == Confusion(0.5, 1, 1, 0, 2)
    assert confusion(predictions, 0.8) == Confusion(0.8, 2, 0, 1, 1)


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="unequal"):
        Predictions.of([0, 1], [0.5])
