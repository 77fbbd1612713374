"""Scores become probabilities."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from deepfake_dataset.baseline.calibrate import (
    CALIBRATION_FILE,
    Calibration,
    fit_temperature,
    read_calibration,
    write_calibration,
)
from deepfake_dataset.baseline.metrics import Predictions, measure
from deepfake_dataset.errors import UsageError

RNG = np.random.default_rng(4)
LOGITS = RNG.normal(0, 2, 4000)
LABEL = (RNG.random(4000) < expit(LOGITS)).astype(int)


def test_the_factor_by_which_logits_are_too_large_is_found() -> None:
    fitted = fit_temperature(LABEL, expit(3 * LOGITS))
    assert fitted.temperature == pytest.approx(3, rel=0.05)
    assert fitted.faces == 4000
    assert fitted.loss_after is not None
    assert fitted.loss_before is not None
    assert fitted.loss_after < fitted.loss_before


def test_scores_that_are_too_sure_are_well_calibrated_after_it() -> None:
    sure = Predictions.of(LABEL, expit(3 * LOGITS))
    before = measure(sure, resamples=2).calibration_error.value
    fitted = fit_temperature(LABEL, sure.p_real)
    after = measure(sure.scored(fitted.apply(sure.p_real)), resamples=2).calibration_error.value
    assert before is not None
    assert after is not None
    assert before > 0.1
    assert after < 0.03


def test_order_and_the_middle_stay() -> None:
    scores = np.array([0, 1e-9, 0.2, 0.5, 0.7, 1])
    calibrated = Calibration(temperature=2.5).apply(scores)
    assert calibrated[3] == 0.5
    assert (np.diff(calibrated) >= 0).all()
    assert np.isfinite(calibrated).all()


@pytest.mark.parametrize("label", [[], [1, 1], [0, 0]])
def test_without_two_classes_scores_stay_as_they_are(label: list[int]) -> None:
    fitted = fit_temperature(label, [0.3] * len(label))
    assert fitted == Calibration()
    assert fitted.apply([0.1, 0.9]).tolist() == [0.1, 0.9]


def test_faces_told_apart_without_an_error_give_a_temperature_within_bounds() -> None:
    fitted = fit_temperature([0, 0, 1, 1], [0.0, 0.1, 0.9, 1.0])
    assert 0.04 < fitted.temperature < 0.2


def test_what_was_written_is_read(tmp_path: Path) -> None:
    fitted = fit_temperature(LABEL, expit(2 * LOGITS))
    write_calibration(tmp_path, fitted)
    assert read_calibration(tmp_path) == fitted


def test_nothing_beside_a_model_is_temperature_one(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) == Calibration()


@pytest.mark.parametrize("text", ["", "[]", '{"temperature": "hot"}', '{"heat": 1}', "\xff"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / CALIBRATION_FILE).write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=CALIBRATION_FILE):
        read_calibration(tmp_path)
