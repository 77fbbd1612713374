"""Thumbnails of frames, and how similar two of them are whatever the light.

Structure is compared, not colour: the directions of luma gradients survive any gain,
gamma and white balance, and the best match over shifts survives a moving camera.

Sums are of whole numbers, or of fractions with few binary digits, that fit into the floats that
hold them: they come out the same in any order, and so on every processor.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Whole = NDArray[np.float64]
"""Whole numbers."""

LONG_SIDE = 80
"""Longer side of a look in pixels: few enough that noise and blocks average out."""

SAME_SHOT = 0.60
"""Two looks at least this similar show the same shot.

Measured on pairs of frames, one of them under gain .4 to 1.8 and gamma .5 to 2: neighbours
within a shot had .73 or more, frames of different clips .50 or less
(``benchmarks/scenes.py`` prints it).
"""
OTHER_SHOT = 0.40
"""Two looks less similar than this show different shots."""

# A Gaussian's weights, of standard deviation 1, in 128ths.
_BLUR = np.array([1, 7, 31, 50, 31, 7, 1], np.float32) / 128
# Steps that a direction's length of 1 has, and a level of luma.
_DIRECTION_STEPS, _LEVEL_STEPS = 1024, 256
# Gradients weaker than this many levels a pixel count less: they are noise and block edges.
_NOISE_LEVELS = 4.0
# Bars are at most this bright, compression's noise included.
_BLACK = 16
# Blur and gradient carry a bar's rim this far into the picture.
_RIM = 4
# Less than this many pixels between bars is no picture, but a dark one.
_MIN_SIDE = 12
# A shot may move by this share of the picture between two looks and still match.
_MAX_SHIFT = 0.25
_TONES = 16
_LAYOUT = 20
# A picture is blank where most of it is within so many levels of its mean, and hardly one
# pixel in twenty lies on an edge: a line of text on black has fewer.
_BLANK_LEVELS = 6.0
_FLAT_SHARE = 0.85
_BLANK_ENERGY = 0.06


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """One frame at thumbnail size, with what is known of it, worked out once and when asked."""

    index: int
    time_s: float
    yuv: Pixels
    """(h, w, 3), the longer side :data:`LONG_SIDE`."""

    @cached_property
    def is_blank(self) -> bool:
        """Whether there is nothing to see, or no more than a line of text on nothing."""
        luma = self._luma
        middle = cv2.mean(luma)[0]
        flat = cv2.inRange(luma, middle - _BLANK_LEVELS, middle + _BLANK_LEVELS)
        if cv2.countNonZero(flat) < _FLAT_SHARE * luma.size:
            return False
        return self.energy < _BLANK_ENERGY * luma.size

    @cached_property
    def _luma(self) -> Pixels:
        return np.asarray(cv2.extractChannel(self.yuv, 0), np.uint8)

    @cached_property
    def luma(self) -> Plane:
        """(h, w), slightly blurred so that small motion matters less."""
        return np.asarray(cv2.sepFilter2D(self._luma, cv2.CV_32F, _BLUR, _BLUR), np.float32)

    @cached_property
    def layout(self) -> Whole:
        """Luma on a grid of 20 × 20 cells, flat, its mean taken off; in steps of no moment."""
        down, across = map(_cells, self._luma.shape)
        grid = (down @ self._luma.astype(np.float32) @ across.T).ravel().astype(np.float64)
        return np.asarray(grid - np.rint(grid.mean()))

    @cached_property
    def layout_power(self) -> float:
        """Sum of squares of :attr:`layout`."""
        return float(self.layout @ self.layout)

    @cached_property
    def directions(self) -> Whole:
        """(h, w, 2): the gradient of luma, of length near 1024 where it stands out of noise."""
        across = cv2.Sobel(self.luma, cv2.CV_32F, 1, 0, scale=1 / 8)
        down = cv2.Sobel(self.luma, cv2.CV_32F, 0, 1, scale=1 / 8)
        length = np.sqrt(across * across + down * down) + np.float32(_NOISE_LEVELS)
        steps = np.float32(_DIRECTION_STEPS) / length
        return np.rint(cv2.merge([across * steps, down * steps]).astype(np.float64))

    @cached_property
    def energy(self) -> float:
        """Sum of squares of :attr:`directions`, a length of 1 being 1."""
        return float(np.vdot(self.directions, self.directions)) / _DIRECTION_STEPS**2

    @cached_property
    def spectrum(self) -> NDArray[np.float64]:
        """Fourier transform of :attr:`directions`, taken as complex numbers."""
        return np.asarray(cv2.dft(self.directions, flags=cv2.DFT_COMPLEX_OUTPUT))

    @cached_property
    def tones(self) -> NDArray[np.intp]:
        """Flat luma in :data:`_TONES` equal steps."""
        return (self.luma.ravel() * (_TONES / 256)).astype(np.intp)

    @cached_property
    def tone_counts(self) -> NDArray[np.intp]:
        """Pixels of each tone, one where there is none."""
        return np.maximum(1, np.bincount(self.tones, minlength=_TONES))

    @cached_property
    def levels(self) -> Whole:
        """Flat luma in 256ths of a level, its mean taken off."""
        levels = np.rint(self.luma.ravel().astype(np.float64) * _LEVEL_STEPS)
        return np.asarray(levels - np.rint(levels.mean()))

    @cached_property
    def bars(self) -> NDArray[np.intp]:
        """Black rows at the top and at the bottom, black columns at the left and the right."""
        black = np.asarray(self.yuv[..., 0] <= _BLACK)
        rows, columns = np.atleast_1d(black.all(axis=1)), np.atleast_1d(black.all(axis=0))
        if rows.all():
            return np.full(4, max(self.yuv.shape), np.intp)
        sides = (rows, rows[::-1], columns, columns[::-1])
        return np.array([np.argmin(side) for side in sides], np.intp)


def same_shot(a: Thumbnail, b: Thumbnail) -> bool:
    """Whether two looks show the same shot, whatever the light."""
    return are_similar(a, b, SAME_SHOT)


def are_similar(a: Thumbnail, b: Thumbnail, least: float) -> bool:
    """Whether :func:`similarity` is at least so much: directions alone say so most of the time."""
    a, b = _without_bars(a, b)
    match = _match(a, b)
    return match >= least or match + _shared_tones(a, b) >= least


def similarity(a: Thumbnail, b: Thumbnail) -> float:
    """How much of one look's structure the other shows: 1.5 for the same, about 0 for none.

    The match of gradient directions at the best shift, plus half the share of luma's
    variance that one look's tones explain in the other's without a shift. Black bars that
    both have are left out: they outlast every cut.
    """
    a, b = _without_bars(a, b)
    return _match(a, b) + _shared_tones(a, b)


def _without_bars(a: Thumbnail, b: Thumbnail) -> tuple[Thumbnail, Thumbnail]:
    """Both looks without the bars that they share, and without the bars' rims."""
    if not (a.bars.any() and b.bars.any()):
        return a, b
    shared = np.minimum(a.bars, b.bars)
    top, bottom, left, right = np.where(shared > 0, shared + _RIM, 0)
    height, width = a.yuv.shape[:2]
    if min(height - top - bottom, width - left - right) < _MIN_SIDE:
        return a, b
    inside = slice(top, height - bottom), slice(left, width - right)
    return replace(a, yuv=a.yuv[inside]), replace(b, yuv=b.yuv[inside])


def _match(a: Thumbnail, b: Thumbnail) -> float:
    """Correlation of gradient directions at the shift where it is best, in [-1, 1].

    Transforms err by less than a thousandth where the true numbers are whole ones.
    """
    scale = float(np.sqrt(a.energy * b.energy))
    if scale <= 0:
        return 0.0
    product = cv2.mulSpectrums(a.spectrum, b.spectrum, 0, conjB=True)
    surface = np.asarray(cv2.idft(product, flags=cv2.DFT_SCALE)[..., 0], np.float64)
    return round(float(_near_shifts(surface).max())) / _DIRECTION_STEPS**2 / scale


def _near_shifts(surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a circular correlation surface that belongs to small shifts."""
    down, across = (int(side * _MAX_SHIFT) for side in surface.shape)
    rows = np.r_[0 : down + 1, -down:0]
    columns = np.r_[0 : across + 1, -across:0]
    return np.asarray(surface[np.ix_(rows, columns)])


def _shared_tones(a: Thumbnail, b: Thumbnail) -> float:
    """Half the share of variance that one look's tones explain in the other's, 0 to .5."""
    return 0.5 * max(_explained(a, b), _explained(b, a))


def _explained(a: Thumbnail, b: Thumbnail) -> float:
    """Share of b's variance of luma that is explained by a's tone at the same place."""
    sums = np.bincount(a.tones, b.levels, minlength=_TONES)
    between = float((sums * sums / a.tone_counts).sum())
    variance = float(b.levels @ b.levels)
    noise = _NOISE_LEVELS * _LEVEL_STEPS**2 * b.levels.size
    return (between + noise) / (variance + noise)


@cache
def _cells(pixels: int) -> Plane:
    """(20, pixels): how much of each pixel of a line lies in each cell, in twentieths."""
    edges = np.arange(_LAYOUT + 1)[:, None] * pixels
    place = np.arange(pixels) * _LAYOUT
    shared = np.minimum(edges[1:], place + _LAYOUT) - np.maximum(edges[:-1], place)
    return np.asarray(np.maximum(shared, 0), np.float32)
