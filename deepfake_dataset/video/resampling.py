"""Shrinks planes of pixels: blurred first where crops are read from them, quickly elsewhere."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Pixels (h, w) or (h, w, 3), 0 to 255."""


# Blur before one pixel in r is read, over the square root of r² - 1: less aliases, more blurs.
# Photographs come nearest to ideal crops with .38 to .42 (benchmarks/shrink.py).
_BLUR = 0.42
# From this ratio on halving is as good as a wide blur, and costs less.
_HALVED_FROM = 2.5
# A narrower blur changes no level.
_LEAST_BLUR = 0.25


def smoothed_for(part: Image, size: tuple[int, int]) -> Image:
    """Halved while it is much larger, then blurred by what is left: to be read at this size.

    Nearer to the ideal crop than averaging to the size first, which interpolates twice, and in
    half of the time or less.
    """
    part = _halved(part, size, _HALVED_FROM)
    across, down = _blur_sigma(part.shape[1] / size[0]), _blur_sigma(part.shape[0] / size[1])
    if max(across, down) <= _LEAST_BLUR:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), across, sigmaY=down))


def _blur_sigma(ratio: float) -> float:
    """Standard deviation of what keeps pixels from aliasing when one in ``ratio`` is read."""
    return max(_LEAST_BLUR, _BLUR * math.sqrt(max(0.0, ratio**2 - 1)))


def shrunk_to(part: Image, size: tuple[int, int]) -> Image:
    """Halved by averaging while it is twice as large, then interpolated.

    Enough for finding faces and their points, in a third of the time of averaging over fractions
    of pixels.
    """
    part = _halved(part, size, 2)
    if (part.shape[1], part.shape[0]) == size:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR))


def _halved(part: Image, size: tuple[int, int], times: float) -> Image:
    """Halved by averaging while it is so many times as large as a size."""
    while part.shape[1] >= times * size[0] and part.shape[0] >= times * size[1]:
        half = -(-part.shape[1] // 2), -(-part.shape[0] // 2)
        part = np.asarray(cv2.resize(part, half, interpolation=cv2.INTER_AREA))
    return part


def thumbnail_plane(plane: Image, size: tuple[int, int], by: int) -> Image:
    """A plane at thumbnail size, from at least ``by`` × ``by`` of its pixels for each.

    Averaging every pixel of a 1080p picture costs 0.5 ms, mostly for fetching it from memory; to
    tell one shot or one light from another the difference does not show.
    """
    across, down = (
        max(1, side // (by * wanted)) for side, wanted in zip(plane.shape[::-1], size, strict=True)
    )
    samples = np.ascontiguousarray(plane[down // 2 :: down, across // 2 :: across])
    return np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_LINEAR))
