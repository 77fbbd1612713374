"""Reason “jumps against the faces before and after”: in place, size or roll, and in looks."""

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import strength, track_threshold

_NEIGHBOURS = 2
"""Faces before and after that one is compared with: a single wrong one cannot move a median."""
_ALWAYS_ALLOWED = 0.1
"""Share of its side by which a crop may always be off: half the step between two sizes of a
detector (1.2)."""

_LOOKS_SHARE = 0.75
"""Of the threshold for what a crop shows: two signs of one thing need not be as strong each."""


def _strengths(features: FaceFeatures) -> Floats:
    """A head that moves takes its face along; a crop that jumps shows something else."""
    off = np.zeros(features.faces.num_rows)
    rows = features.by_time
    off[rows] = _jump_size(_positions(features)[rows], features.track[rows])
    jumps = strength(off, np.maximum(track_threshold(features, off), _ALWAYS_ALLOWED))
    shape = features.measured("shape_distance")
    return jumps * strength(shape, _LOOKS_SHARE * track_threshold(features, shape))


def _positions(features: FaceFeatures) -> Floats:
    """(n, 4): middle x and y and side in pixels, and roll in radians, of every crop."""
    names = ("center_x", "center_y", "native_px", "roll_deg")
    positions = np.stack([features.recorded(name) for name in names], axis=1)
    positions[:, 3] = np.radians(positions[:, 3])
    return positions


def _jump_size(positions: Floats, track: NDArray[np.int64]) -> Floats:
    """How far each crop's content is from where its neighbours have it, in sides of the crop.

    Root mean square over the crop of the way a point moves: the shift, and for a change of
    size or a turn by 1 the mean distance of a point from the middle, 1/√6.
    """
    usual = _neighbour_median(positions, track)
    side = usual[:, 2]
    shift = np.hypot(*(positions[:, :2] - usual[:, :2]).T) / side
    size = np.log(positions[:, 2] / side)
    turn = positions[:, 3] - usual[:, 3]
    return np.asarray(np.sqrt(shift**2 + (size**2 + turn**2) / 6))


def _neighbour_median(positions: Floats, track: NDArray[np.int64]) -> Floats:
    """Median of the faces just before and after in the same track; itself where it is alone."""
    count = len(positions)
    beside = np.full((2 * _NEIGHBOURS, *positions.shape), np.nan)
    for i, step in enumerate([s for s in range(-_NEIGHBOURS, _NEIGHBOURS + 1) if s]):
        here = np.arange(max(0, -step), max(0, min(count, count - step)))
        here = here[track[here] == track[here + step]]
        beside[i, here] = positions[here + step]
    known = np.isfinite(beside[..., 0]).sum(axis=0)
    beside[0, known == 0] = positions[known == 0]
    known = np.maximum(known, 1)
    ordered = np.sort(beside, axis=0)  # NaN come last
    rows = np.arange(count)
    return np.asarray((ordered[(known - 1) // 2, rows] + ordered[known // 2, rows]) / 2)


POSITION_JUMP = Reason("jump", "jumps against the faces before and after", 0.7, _strengths)
