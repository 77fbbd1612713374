"""What the reasons judge by: every face's record and its crop's measurements, as arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNUSUAL = 3.5
"""Robust standard deviations from which a value is an outlier (Iglewicz & Hoaglin 1993)."""
_SIGMA = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


@dataclass(frozen=True)
class FaceFeatures:
    """Faces of a dataset, each in one row; every array has one value a face."""

    faces: pa.Table
    """Columns of ``read_faces``."""
    measurements: pa.Table
    """Columns of ``measurements.CLUES``; rows as in :attr:`faces`."""

    def face(self, name: str) -> Floats:
        """A number of the record."""
        return np.asarray(self.faces[name].to_numpy(), np.float64)

    def measurement(self, name: str) -> Floats:
        """A number measured of the crop."""
        return np.asarray(self.measurements[name].to_numpy(), np.float64)

    @cached_property
    def landmarks(self) -> Floats:
        """(n, points, 2) in pixels of the frame; as many points as most faces have, others NaN."""
        lists = self.faces["landmarks"].combine_chunks()
        lengths = np.asarray(lists.value_lengths())
        size = int(np.bincount(lengths).argmax()) if len(lengths) else 0
        whole = lengths == size
        if not whole.all():
            lists = pc.if_else(pa.array(whole), lists, pa.scalar([np.nan] * size, lists.type))
        return np.asarray(lists.flatten(), np.float64).reshape(len(lengths), size // 2, 2)

    @cached_property
    def video(self) -> NDArray[np.int64]:
        """A number for each face's video."""
        codes = self.faces["video_id"].combine_chunks().dictionary_encode().indices
        return np.asarray(codes, np.int64)

    @cached_property
    def track(self) -> NDArray[np.int64]:
        """A number for each face's track, unlike those of other videos."""
        tracks = np.asarray(self.faces["track"].to_numpy(), np.int64)
        keys = self.video * (tracks.max(initial=0) + 1) + tracks
        return np.asarray(np.unique(keys, return_inverse=True)[1].ravel(), np.int64)

    @cached_property
    def by_time(self) -> NDArray[np.int64]:
        """Rows, track by track and by time in each."""
        return np.lexsort((self.face("frame"), self.track))


def above_limit(value: Floats, limit: Floats | float) -> Floats:
    """From 0 towards 1: half at the limit, a hundredth at half of it; 0 for NaN."""
    bounded = np.clip(np.nan_to_num(value), 0, 1e9)
    ratio = np.minimum(bounded / limit, 1e3) ** 6
    return np.asarray(ratio / (1 + ratio))


def robust_spread(values: Floats) -> float:
    """Robust standard deviation: of the median absolute deviation. NaN are left out."""
    return float(_SIGMA * np.nanmedian(np.abs(values - np.nanmedian(values))))


def usual_limit(features: FaceFeatures, values: Floats) -> Floats:
    """Value from which one is unusual within its track.

    The spread is the track's own, or the one that half of the faces keep within: a face that
    sits still is not judged by a hair's breadth.
    """
    middle = track_median(features, values)
    spreads = np.nan_to_num(_SIGMA * track_median(features, np.abs(values - middle)))
    floor = np.median(spreads) if len(spreads) else 0.0
    return np.asarray(middle + UNUSUAL * np.maximum(spreads, floor) + 1e-9)


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
