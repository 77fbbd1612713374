"""Histogram of oriented gradients of a crop, the same bits on any processor.

OpenCV's own, in its defaults: cells of 8 pixels, blocks of 2 × 2 cells that do not overlap, 9
directions, bilinear votes, a Gaussian over each block, L2-Hys (Dalal & Triggs 2005). OpenCV
computes it by what the processor offers, so its last bits differ from machine to machine, and
with them the order of a review queue. Here every sum has a fixed order in double precision; the
two differ by no more than 2e-6.
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Of the picture that is described, in pixels."""
_CELL, _BLOCK, _BINS = 8, 16, 9
_BLOCKS = SIDE // _BLOCK
_LENGTH = _BLOCKS * _BLOCKS * 4 * _BINS
_CLIPPED_AT = 0.2
_ARCTANGENT = (
    0.9997878412794807,
    -0.3258083974640975,
    0.1555786518463281,
    -0.04432655554792128,
)
"""Of odd powers, up to a turn of 45°; as OpenCV has it, to 0.01°."""

Floats = NDArray[np.float64]


def hog_descriptor(luma: NDArray[np.uint8]) -> Floats:
    """(576,) numbers from 0 to 1 of a picture (64, 64), block by block of length 1."""
    edged = np.pad(luma.astype(np.float64), 1, mode="reflect")
    across = (edged[1:-1, 2:] - edged[1:-1, :-2]).ravel()
    down = (edged[2:, 1:-1] - edged[:-2, 1:-1]).ravel()
    strength = np.sqrt(across * across + down * down)
    place = _direction(across, down) * (_BINS / np.pi) - 0.5
    low = np.floor(place)
    to_high = strength * (place - low)
    first = low.astype(np.int64) % _BINS
    bins = np.concatenate(
        [_FIRST_BINS + first[_PIXELS], _FIRST_BINS + ((first + 1) % _BINS)[_PIXELS]]
    )
    votes = np.concatenate([_SHARES * (strength - to_high)[_PIXELS], _SHARES * to_high[_PIXELS]])
    histograms = np.bincount(bins, votes, _LENGTH)
    return _normalised(histograms.astype(np.float64))


def _direction(x: Floats, y: Floats) -> Floats:
    """Angle in radians, from 0 to 2π."""
    wide, high = np.abs(x), np.abs(y)
    ratio = np.minimum(wide, high) / (np.maximum(wide, high) + np.finfo(np.float64).eps)
    square = ratio * ratio
    angle = np.zeros_like(ratio)
    for factor in reversed(_ARCTANGENT):
        angle = angle * square + factor
    angle = angle * ratio
    angle = np.where(wide >= high, angle, np.pi / 2 - angle)
    angle = np.where(x < 0, np.pi - angle, angle)
    return np.where(y < 0, 2 * np.pi - angle, angle)


def _normalised(histograms: Floats) -> Floats:
    blocks = histograms.reshape(_BLOCKS * _BLOCKS, 4 * _BINS)
    blocks = blocks / (_length(blocks) + 0.1 * blocks.shape[1])
    blocks = np.minimum(blocks, _CLIPPED_AT)
    return np.asarray((blocks / (_length(blocks) + 1e-3)).ravel())


def _length(blocks: Floats) -> Floats:
    return np.asarray(np.sqrt((blocks * blocks).sum(axis=1, keepdims=True)))


def _votes() -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Which pixel votes, for which cell's first bin, with which share: up to four cells each."""
    inside = np.arange(_BLOCK)
    from_middle = (inside - _BLOCK / 2) ** 2
    exponents = -(from_middle[:, None] + from_middle) / (2 * (_BLOCK / 4) ** 2)
    gaussian = np.exp(exponents).astype(np.float32).astype(np.float64)  # its last bits may differ
    place = (inside + 0.5) / _CELL - 0.5
    near = [np.clip(1 - np.abs(place - cell), 0, None) for cell in (0, 1)]
    rows, columns = np.mgrid[:SIDE, :SIDE]
    block = (columns // _BLOCK) * _BLOCKS + rows // _BLOCK
    cells = [(column, row) for column in (0, 1) for row in (0, 1)]
    shares = np.stack(
        [
            np.tile(near[row][:, None] * near[column] * gaussian, (_BLOCKS, _BLOCKS))
            for column, row in cells
        ]
    )
    first_bins = np.stack([(block * 4 + number) * _BINS for number in range(len(cells))])
    votes = shares > 0
    pixels = np.broadcast_to(np.arange(SIDE * SIDE).reshape(SIDE, SIDE), shares.shape)
    return pixels[votes], first_bins[votes], shares[votes]


_PIXELS, _FIRST_BINS, _SHARES = _votes()
