"""Scores become probabilities."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from deepfake_dataset.baseline.scoring.accuracy_metrics import compute_metrics
from deepfake_dataset.baseline.scoring.calibration import (
    Calibration,
    fit_calibration,
    read_calibration,
    write_calibration,
)
from deepfake_dataset.baseline.scoring.predictions import Predictions
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.errors import UsageError

EACH = np.arange(4000)
"""Every face a group of its own."""
RNG = np.random.default_rng(4)
LOGITS = RNG.normal(0, 2, 4000)
LABEL = (RNG.random(4000) < expit(LOGITS)).astype(int)


def test_the_factor_by_which_logits_are_too_large_is_found() -> None:
    fitted = fit_calibration(LABEL, expit(3 * LOGITS), EACH, bias=True)
    assert fitted.temperature == pytest.approx(3, rel=0.05)
    assert fitted.faces == 4000
    assert fitted.loss_after is not None
    assert fitted.loss_before is not None
    assert fitted.loss_after < fitted.loss_before


def test_scores_that_are_too_sure_are_well_calibrated_after_it() -> None:
    sure = Predictions.of(LABEL, expit(3 * LOGITS))
    before = compute_metrics(sure, resamples=2).calibration_error.value
    fitted = fit_calibration(LABEL, sure.p_real, EACH, bias=True)
    after = compute_metrics(
        sure.scored(fitted.apply(sure.p_real)), resamples=2
    ).calibration_error.value
    assert before is not None
    assert after is not None
    assert before > 0.1
    assert after < 0.03


def test_the_bias_of_scores_that_take_all_for_real_is_found() -> None:
    fitted = fit_calibration(LABEL, expit(LOGITS + 1.5), EACH, bias=True)
    assert fitted.bias == pytest.approx(-1.5, abs=0.15)
    assert fitted.temperature == pytest.approx(1, abs=0.1)


def test_without_a_bias_the_middle_stays() -> None:
    fitted = fit_calibration(LABEL, expit(LOGITS + 1.5), EACH, bias=False)
    assert fitted.bias == 0
    assert fitted.apply([0.5]) == [0.5]


def test_classes_weigh_alike_however_many_faces_they_have() -> None:
    often = np.concatenate([np.arange(4000), np.repeat(np.flatnonzero(LABEL == 1), 9)])
    fitted = fit_calibration(LABEL[often], expit(LOGITS)[often], np.arange(len(often)), bias=True)
    assert fitted.bias == pytest.approx(0, abs=0.15)


def test_groups_weigh_alike_however_many_faces_they_have() -> None:
    label = np.array([0] * 8 + [1] * 8)
    scores = np.array(
        [0.2, 0.4, 0.3, 0.8, 0.1, 0.6, 0.3, 0.4, 0.7, 0.9, 0.6, 0.3, 0.8, 0.9, 0.6, 0.7]
    )
    group = np.arange(16)
    more = np.concatenate([group, np.full(500, 3)])
    few, many = (
        fit_calibration(label[rows], scores[rows], group[rows], bias=True) for rows in (group, more)
    )
    assert (many.temperature, many.bias) == pytest.approx((few.temperature, few.bias), abs=1e-3)


def test_a_few_groups_all_mistaken_do_not_turn_every_face_forged() -> None:
    label = np.array([0] * 20 + [1] * 200)
    scores = np.where(label == 1, 0.95, 0.9)
    fitted = fit_calibration(label, scores, np.where(label == 1, np.arange(220), 0), bias=True)
    assert -4 < fitted.bias < 0


def test_order_stays() -> None:
    scores = np.array([0, 1e-9, 0.2, 0.5, 0.7, 1])
    calibrated = Calibration(temperature=2.5, bias=-0.7).apply(scores)
    assert calibrated[3] == pytest.approx(expit(-0.7))
    assert (np.diff(calibrated) >= 0).all()
    assert np.isfinite(calibrated).all()


@pytest.mark.parametrize("label", [[], [1, 1], [0, 0]])
def test_without_two_classes_scores_stay_as_they_are(label: list[int]) -> None:
    fitted = fit_calibration(label, [0.3] * len(label), label, bias=True)
    assert fitted == Calibration()
    assert fitted.apply([0.1, 0.9]).tolist() == [0.1, 0.9]


def test_faces_told_apart_without_an_error_give_a_temperature_within_bounds() -> None:
    number = 4000
    label = np.repeat([0, 1], number)
    fitted = fit_calibration(
        label, np.where(label == 1, 0.9, 0.1), np.arange(2 * number), bias=True
    )
    assert 0.04 < fitted.temperature < 0.3


def test_what_was_written_is_read(tmp_path: Path) -> None:
    fitted = fit_calibration(LABEL, expit(2 * LOGITS), EACH, bias=True)
    write_calibration(RunFolder.at(tmp_path), fitted)
    assert read_calibration(RunFolder.at(tmp_path)) == fitted


def test_nothing_beside_a_model_leaves_scores_as_they_are(tmp_path: Path) -> None:
    assert read_calibration(RunFolder.at(tmp_path)) == Calibration()


@pytest.mark.parametrize("text", ["", "[]", '{"temperature": "hot"}', '{"heat": 1}', "\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / layout.CALIBRATION).write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=layout.CALIBRATION):
        read_calibration(RunFolder.at(tmp_path))
