"""Reason “landmarks implausible”: they do not form a face, or do not go with the box."""

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import OUTLIER_STDS, robust_std, strength

_MODES = 8
"""Ways in which shapes vary that are usual: turns, nods, speech, one's build. More would
begin to explain the faults (point distribution model, Cootes et al. 1995)."""
_SAMPLE_FACES = 3000
"""Faces that the modes are learnt from; more cost time and change nothing."""
_ALWAYS_ALLOWED = 0.05
"""Of the shape's size, always allowed: nine in ten sound faces keep within it, on two datasets."""
_SHAPES_AT_ONCE = 4096
"""Shapes that stay in a processor's cache while they are worked on: three times as fast."""
_FEWEST_FACES = 50
"""Faces from which on modes can be learnt."""


def _strengths(features: FaceFeatures) -> Floats:
    odd = np.maximum(_odd_shape(features.landmarks), _off_box(features))
    return strength(odd, 1.0)


def _odd_shape(landmarks: Floats) -> Floats:
    """What the usual modes leave unexplained of a shape, in thresholds."""
    odd = np.zeros(len(landmarks))
    known = np.isfinite(landmarks).all(axis=(1, 2))
    if known.sum() < _FEWEST_FACES or landmarks.shape[1] < _MODES:
        return odd
    rows = np.flatnonzero(known)
    sample = _normalised(landmarks[rows[:: max(1, len(rows) // _SAMPLE_FACES)]])
    mean = _mean_shape(sample)
    modes = _shape_modes(_aligned(sample, mean))
    parts = np.array_split(rows, len(rows) // _SHAPES_AT_ONCE + 1)
    rest = np.concatenate(
        [_unexplained(_normalised(landmarks[part]), mean, modes) for part in parts]
    )
    odd[known] = rest / max(np.median(rest) + OUTLIER_STDS * robust_std(rest), _ALWAYS_ALLOWED)
    return odd


def _normalised(landmarks: Floats) -> NDArray[np.complex128]:
    """(n, points): as x + iy, without place and size."""
    points = landmarks[..., 0] + 1j * landmarks[..., 1]
    points = points - points.mean(axis=1, keepdims=True)
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9))


def _mean_shape(shapes: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Median of the shapes, each turned to fit it best (Procrustes)."""
    mean = shapes[0]
    for _ in range(3):
        turned = shapes * np.exp(-1j * np.angle(shapes @ mean.conj()))[:, None]
        mean = np.median(turned.real, axis=0) + 1j * np.median(turned.imag, axis=0)
        mean = mean / np.linalg.norm(mean)
    return np.asarray(mean)


def _aligned(shapes: NDArray[np.complex128], mean: NDArray[np.complex128]) -> Floats:
    """(n, 2 × points): how far each point is from the mean's, once turned to fit it best."""
    off = shapes * np.exp(-1j * np.angle(shapes @ mean.conj()))[:, None] - mean
    return np.concatenate([off.real, off.imag], axis=1)


def _unexplained(
    shapes: NDArray[np.complex128], mean: NDArray[np.complex128], modes: Floats
) -> Floats:
    off = _aligned(shapes, mean)
    return np.asarray(np.linalg.norm(off - off @ modes.T @ modes, axis=1))


def _shape_modes(off: Floats) -> Floats:
    """(modes, 2 × points): the ways in which the nine tenths nearest the mean vary most."""
    distance = np.linalg.norm(off, axis=1)
    typical = off[distance <= np.quantile(distance, 0.9)]
    return np.asarray(np.linalg.svd(typical, full_matrices=False)[2][:_MODES])


def _off_box(features: FaceFeatures) -> Floats:
    """How far the crop's middle and side are from where the box would have them, in thresholds."""
    width = features.recorded("box_right") - features.recorded("box_left")
    x = (features.recorded("box_left") + features.recorded("box_right")) / 2
    y = (features.recorded("box_top") + features.recorded("box_bottom")) / 2
    measures = (
        (features.recorded("center_x") - x) / width,
        (features.recorded("center_y") - y) / width,
        np.log(features.recorded("native_px") / width),
    )
    worst = np.zeros(len(width))
    for values in measures:
        threshold = max(OUTLIER_STDS * robust_std(values), 0.1)
        worst = np.fmax(worst, np.abs(values - np.median(values)) / threshold)
    return worst


IMPLAUSIBLE_LANDMARKS = Reason("landmarks", "landmarks implausible", 0.3, _strengths)
