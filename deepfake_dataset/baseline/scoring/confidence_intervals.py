"""Confidence intervals by resampling whole videos (bootstrap).

Frames of one video are near copies, so an interval over frames would be far too narrow:
resampling draws whole videos, from the real and the forged ones apart, so that both classes
are in every resample.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.scoring.predictions import Floats

RESAMPLES = 1000
"""Enough for the ends of a 95 % interval (Efron and Tibshirani 1993, section 12.5)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval; None where there is nothing to tell it from."""

    value: float | None
    low: float | None = None
    """None as well where a class has a single video: resampling it tells nothing."""
    high: float | None = None


def resample_videos(
    unit_label: NDArray[np.int64], resamples: int, rng: np.random.Generator
) -> Floats:
    """(resamples, videos) how often each video is drawn; none where a class has one video."""
    sides = [np.flatnonzero(unit_label == side) for side in (0, 1)]
    if not len(unit_label) or any(len(side) == 1 for side in sides):
        return np.empty((0, len(unit_label)))
    drawn = np.empty((resamples, len(unit_label)))
    for side in sides:
        if len(side):
            even = np.full(len(side), 1 / len(side))
            drawn[:, side] = rng.multinomial(len(side), even, size=resamples)
    return drawn


def estimate_with_interval(once: Floats | None, drawn: list[Floats | None]) -> Estimate:
    """A figure of all videos, with the interval that holds 95 % of its resamples."""
    if once is None:
        return Estimate(None)
    known = [part for part in drawn if part is not None]
    if not known:
        return Estimate(float(once[0]))
    low, high = np.percentile(np.concatenate(known), [2.5, 97.5])
    return Estimate(float(once[0]), float(low), float(high))
