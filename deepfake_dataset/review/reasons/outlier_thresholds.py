"""From which value on a face is an outlier, and how strongly: what the reasons share.

Thresholds are robust statistics of the track or of the dataset; what only one reason needs
stands in its own file.
"""

import numpy as np

from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats

OUTLIER_STDS = 3.5
"""Robust standard deviations from which a value is an outlier (Iglewicz & Hoaglin 1993)."""
_MAD_TO_STD = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


def strength(value: Floats, threshold: Floats | float) -> Floats:
    """From 0 towards 1: half at the threshold, a hundredth at half of it; 0 for NaN."""
    bounded = np.clip(np.nan_to_num(value), 0, 1e9)
    ratio = np.minimum(bounded / threshold, 1e3) ** 6
    return np.asarray(ratio / (1 + ratio))


def robust_std(values: Floats) -> float:
    """Standard deviation by the median absolute deviation. NaN are left out."""
    return float(_MAD_TO_STD * np.nanmedian(np.abs(values - np.nanmedian(values))))


def track_threshold(features: FaceFeatures, values: Floats) -> Floats:
    """Value from which one is an outlier within its track.

    The deviation is the track's own, or the one that half of the faces keep within: a face
    that sits still is not judged by a hair's breadth.
    """
    middle = track_median(features, values)
    deviations = np.nan_to_num(_MAD_TO_STD * track_median(features, np.abs(values - middle)))
    floor = np.median(deviations) if len(deviations) else 0.0
    return np.asarray(middle + OUTLIER_STDS * np.maximum(deviations, floor) + 1e-9)


def track_median(features: FaceFeatures, values: Floats) -> Floats:
    """For every face the median of its track; NaN are left out, and stay where all are."""
    order = np.lexsort((values, features.track))  # NaN come last
    count = np.bincount(features.track)
    start = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(count) else count
    finite = np.bincount(features.track, weights=np.isfinite(values)).astype(np.int64)
    last = np.maximum(start + finite - 1, start)
    ordered = np.append(values[order], np.nan)
    middle = start + (finite - 1) // 2
    low, high = np.maximum(middle, start), np.minimum(start + finite // 2, last)
    return np.asarray(((ordered[low] + ordered[high]) / 2)[features.track])
