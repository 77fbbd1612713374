"""Scores that can be read as probabilities: one temperature, fitted on faces not trained on.

A network trained to the end is too sure of itself. Dividing its logits by one number fitted
on validation makes scores as sure as they are right, and leaves their order as it is (Guo et
al. 2017, "On Calibration of Modern Neural Networks", section 4.2).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from deepfake_dataset.baseline.atomic import write_whole
from deepfake_dataset.errors import UsageError
from deepfake_dataset.schema import from_row, to_row

CALIBRATION_FILE = "calibration.json"

Floats = NDArray[np.float64]

_EDGE = 1e-7
"""Scores are single precision: nearer to 0 and 1 than this, logits are rounding alone."""
_RANGE = (0.05, 20.0)
"""Where validation is told apart without an error, likelihood would ask for temperature 0."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model's logits are divided by."""

    temperature: float = 1.0
    faces: int = 0
    """Validation faces that it was fitted on; 0 where nothing was fitted."""
    loss_before: float | None = None
    """Mean negative log-likelihood of these faces, in nats."""
    loss_after: float | None = None

    def apply(self, p_real: ArrayLike) -> Floats:
        """Scores in [0, 1] made as sure as they are right; .5 stays .5."""
        scores = np.asarray(p_real, np.float64)
        if self.temperature == 1.0:
            return scores
        calibrated: Floats = expit(_logits(scores) / self.temperature)
        return calibrated


def fit_temperature(label: ArrayLike, p_real: ArrayLike) -> Calibration:
    """The temperature that makes labels (1 real, 0 fake) likeliest given the scores.

    Temperature 1 where there are not two classes to fit it on.
    """
    is_real = np.asarray(label) == 1
    if is_real.all() or not is_real.any():
        return Calibration()
    logits = np.where(is_real, 1, -1) * _logits(np.asarray(p_real, np.float64))

    def loss(log_temperature: float) -> float:
        return float(np.logaddexp(0, -logits / np.exp(log_temperature)).mean())

    fitted = minimize_scalar(loss, bounds=tuple(np.log(_RANGE)), method="bounded")
    return Calibration(float(np.exp(fitted.x)), len(logits), loss(0.0), float(fitted.fun))


def write_calibration(folder: Path, calibration: Calibration) -> None:
    """Keep it beside a model."""
    text = json.dumps(to_row(calibration), indent=2) + "\n"
    write_whole(folder / CALIBRATION_FILE, text)


def read_calibration(folder: Path) -> Calibration:
    """What is beside a model; temperature 1 where nothing is.

    Raises :class:`UsageError` where the file is damaged.
    """
    file = folder / CALIBRATION_FILE
    try:
        return from_row(Calibration, json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Calibration()
    except (OSError, TypeError, ValueError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", "delete it to have scores as the model gives them"
        ) from error


def _logits(p_real: Floats) -> Floats:
    logits: Floats = logit(np.clip(p_real, _EDGE, 1 - _EDGE))
    return logits
