"""The landmarks do not form a face, or do not go with the detector's box."""

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import (
    UNUSUAL,
    FaceFeatures,
    Floats,
    above_limit,
    robust_spread,
)

_MODES = 8
"""Ways in which shapes vary that are usual: turns, nods, speech, one's build. More would
begin to explain the faults (point distribution model, Cootes et al. 1995)."""
_SAMPLE = 3000
"""Faces that the modes are told from; more cost time and change nothing."""
_LEAST_REST = 0.05
"""Of the shape's size, always allowed: nine in ten sound faces keep within it, on two datasets."""
_AT_ONCE = 4096
"""Shapes that stay in a processor's cache while they are worked on: three times as fast."""
_ENOUGH = 50
"""Faces from which modes can be told."""


def _strengths(features: FaceFeatures) -> Floats:
    odd = np.maximum(_odd_shape(features.landmarks), _off_box(features))
    return above_limit(odd, 1.0)


def _odd_shape(landmarks: Floats) -> Floats:
    """What the usual modes leave unexplained of a shape, in limits."""
    odd = np.zeros(len(landmarks))
    known = np.isfinite(landmarks).all(axis=(1, 2))
    if known.sum() < _ENOUGH or landmarks.shape[1] < _MODES:
        return odd
    rows = np.flatnonzero(known)
    sample = _sized(landmarks[rows[:: max(1, len(rows) // _SAMPLE)]])
    mean = _mean(sample)
    modes = _modes(_turned(sample, mean))
    parts = np.array_split(rows, len(rows) // _AT_ONCE + 1)
    rest = np.concatenate([_rest(_sized(landmarks[part]), mean, modes) for part in parts])
    odd[known] = rest / max(np.median(rest) + UNUSUAL * robust_spread(rest), _LEAST_REST)
    return odd


def _sized(landmarks: Floats) -> NDArray[np.complex128]:
    """(n, points): as x + iy, without place and size."""
    points = landmarks[..., 0] + 1j * landmarks[..., 1]
    points = points - points.mean(axis=1, keepdims=True)
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9))


def _mean(shapes: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Median of the shapes, each turned to fit it best."""
    mean = shapes[0]
    for _ in range(3):
        turned = shapes * np.exp(-1j * np.angle(shapes @ mean.conj()))[:, None]
        mean = np.median(turned.real, axis=0) + 1j * np.median(turned.imag, axis=0)
        mean = mean / np.linalg.norm(mean)
    return np.asarray(mean)


def _turned(shapes: NDArray[np.complex128], mean: NDArray[np.complex128]) -> Floats:
    """(n, 2 × points): how far each point is from the mean's, once turned to fit it best."""
    off = shapes * np.exp(-1j * np.angle(shapes @ mean.conj()))[:, None] - mean
    return np.concatenate([off.real, off.imag], axis=1)


def _rest(shapes: NDArray[np.complex128], mean: NDArray[np.complex128], modes: Floats) -> Floats:
    off = _turned(shapes, mean)
    return np.asarray(np.linalg.norm(off - off @ modes.T @ modes, axis=1))


def _modes(off: Floats) -> Floats:
    """(modes, 2 × points): the ways in which the nine tenths nearest the mean vary most."""
    distance = np.linalg.norm(off, axis=1)
    typical = off[distance <= np.quantile(distance, 0.9)]
    return np.asarray(np.linalg.svd(typical, full_matrices=False)[2][:_MODES])


def _off_box(features: FaceFeatures) -> Floats:
    """How far the crop's middle and side are from where the box would have them, in limits."""
    width = features.face("box_right") - features.face("box_left")
    x = (features.face("box_left") + features.face("box_right")) / 2
    y = (features.face("box_top") + features.face("box_bottom")) / 2
    measures = (
        (features.face("center_x") - x) / width,
        (features.face("center_y") - y) / width,
        np.log(features.face("native_px") / width),
    )
    worst = np.zeros(len(width))
    for values in measures:
        limit = max(UNUSUAL * robust_spread(values), 0.1)
        worst = np.fmax(worst, np.abs(values - np.median(values)) / limit)
    return worst


LANDMARKS = Reason("landmarks", "landmarks implausible", 0.3, _strengths)
