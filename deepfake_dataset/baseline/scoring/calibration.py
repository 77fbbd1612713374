"""Scores that can be read as probabilities: a temperature and a bias, fitted on faces held back.

A network trained to the end is too sure of itself, or with smoothed labels not sure enough; and
of people whom it has not seen it takes more forged faces for real ones than the other way round,
as it knows few forged videos and many real ones. Its logits are therefore divided by one number
(Guo et al. 2017, section 4.2) and moved by another (Platt 1999). Both are fitted on groups that it
was not trained on, in which classes weigh alike, and in each class groups, whose faces are near
copies. The order of scores stays as it is.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import MissingKeyError, UsageError

Floats = NDArray[np.float64]

_EDGE = 1e-7
"""Scores are single precision: nearer to 0 and 1 than this, logits are rounding alone."""
_RANGE = (0.05, 20.0)
"""Of the temperature, however surely faces are told apart."""
_SPREAD = np.array([1.0, 2.0])
"""Standard deviations of what is expected before any group is seen: temperatures within a factor
of e of 1, biases within two logits of 0. A handful of groups, all of them mistaken, would else
ask for any bias, and a handful without a mistake for temperature 0."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model's logits are divided by, and what is added then."""

    temperature: float = 1.0
    bias: float = 0.0
    """In logits; below 0 makes all faces less real."""
    faces: int = 0
    """Validation faces that it was fitted on; 0 where nothing was fitted."""
    groups: int = 0
    """Groups that these are of, in the class that has fewer."""
    loss_before: float | None = None
    """Mean negative log-likelihood in nats, of groups and classes that weigh alike."""
    loss_after: float | None = None

    def apply(self, p_real: ArrayLike) -> Floats:
        """Scores in [0, 1] made as sure as they are right."""
        scores = np.asarray(p_real, np.float64)
        if (self.temperature, self.bias) == (1.0, 0.0):
            return scores
        calibrated: Floats = expit(_logits(scores) / self.temperature + self.bias)
        return calibrated


def fit_calibration(
    label: ArrayLike, p_real: ArrayLike, group: ArrayLike, *, bias: bool
) -> Calibration:
    """What makes labels (1 real, 0 fake) likeliest given the scores of faces, in their groups.

    Without ``bias`` a temperature alone. Scores stay as they are where there are not two
    classes to fit it on.
    """
    is_real = np.asarray(label) == 1
    if is_real.all() or not is_real.any():
        return Calibration()
    logits = _logits(np.asarray(p_real, np.float64))
    weight, groups = _weighed(is_real, np.asarray(group))

    def loss(log_temperature: float, move: float) -> float:
        moved = np.where(is_real, 1, -1) * (logits / np.exp(log_temperature) + move)
        return float(weight @ np.logaddexp(0, -moved))

    def objective(asked: Floats) -> float:
        unlikely = float((asked**2 / _SPREAD**2).sum() / 2)
        return loss(*asked) + unlikely / (2 * groups)

    bounds = [tuple(np.log(_RANGE)), (None, None) if bias else (0.0, 0.0)]
    fitted = minimize(objective, np.zeros(2), method="L-BFGS-B", bounds=bounds).x
    return Calibration(
        temperature=float(np.exp(fitted[0])),
        bias=float(fitted[1]),
        faces=len(logits),
        groups=groups,
        loss_before=loss(0.0, 0.0),
        loss_after=loss(*fitted),
    )


def _weighed(is_real: NDArray[np.bool_], group: NDArray[Any]) -> tuple[Floats, int]:
    """Weights of faces, 1 in sum, and the number of groups of the class that has fewer."""
    weight, fewest = np.zeros(len(is_real)), len(is_real)
    for side in (is_real, ~is_real):
        _, member, sizes = np.unique(group[side], return_inverse=True, return_counts=True)
        weight[side] = 1 / (2 * len(sizes) * sizes[member])
        fewest = min(fewest, len(sizes))
    return weight, fewest


def write_calibration(run: RunFolder, calibration: Calibration) -> None:
    """Keep it beside a model."""
    text = json.dumps(to_row(calibration), indent=2) + "\n"
    run.write(layout.CALIBRATION, text)


def read_calibration(run: RunFolder) -> Calibration:
    """What is beside a model; scores stay as they are where nothing is.

    Raises :class:`UsageError` where the file is damaged.
    """
    try:
        return from_row(Calibration, json.loads(run.read(layout.CALIBRATION)))
    except MissingKeyError:
        return Calibration()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{run.location(layout.CALIBRATION)} cannot be read: {error}",
            "delete it to have scores as the model gives them",
        ) from error


def _logits(p_real: Floats) -> Floats:
    logits: Floats = logit(np.clip(p_real, _EDGE, 1 - _EDGE))
    return logits
