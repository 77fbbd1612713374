"""Dissolves and fades from one shot into another.

A window of thumbnails is told as mixtures of its first and its last one: in a dissolve the
share of the last rises evenly, and little is left unexplained.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.shots.thumbnail import Thumbnail, are_similar

_MIN_WINDOW = 5
# Layouts that correlate more than this are one shot's: most windows need no closer look.
_MAX_ALIKE = 0.8
# At its ends a transition shows little but one of its shots.
_END_SHARE = 0.6
# Likeness of the ends plus what mixtures of them leave unexplained. Of 70 dissolves and fades
# 62 had .52 or less in some window; where a camera or people moved, none had less than .54.
_MAX_DOUBT = 0.52
# A look at the end of a blend belongs to it if it holds more than this of the other shot.
_MOST_OTHER = 0.1
# Squared error of a ramp over the best one's, and what is added, at which it fits about as well.
_AS_WELL, _NOISE = 1.5, 0.005
# Between so many places ramps are tried: at high frame rates not every look is one.
_MOST_PLACES = 80


def find_transition(window: list[Thumbnail]) -> "Mixture | None":
    """How the window passes from one shot into another; None where it does not."""
    if len(window) < _MIN_WINDOW or _alike(window[0], window[-1]) > _MAX_ALIKE:
        return None
    mixture = Mixture.of(window)
    if not mixture or mixture.ends_shown < _END_SHARE or mixture.unexplained >= _MAX_DOUBT:
        return None
    if are_similar(window[0], window[-1], _MAX_DOUBT - mixture.unexplained):
        return None
    return mixture


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """How well looks are told as mixtures of the first and the last of them."""

    ends_shown: float
    """What looks near the ends hold of the end they are near to; 1 where all stands still."""
    unexplained: float
    """What mixtures leave of nine looks in ten, over what tells the two ends apart."""
    split: Thumbnail
    """The first look that holds more of the last one than of the first."""
    frames: list[int]
    progress: NDArray[np.floating[Any]]
    """How much of the last look each frame holds, and how little of the first, about 0 to 1."""

    @property
    def blend(self) -> range:
        """Frames that hold something of both."""
        step = -(-len(self.frames) // _MOST_PLACES)
        return _blend(self.frames[::step], self.progress[::step])

    @classmethod
    def of(cls, thumbnails: list[Thumbnail]) -> "Mixture | None":
        """Fit every look by the first and the last one; None where these two are one."""
        layouts = np.stack([thumbnail.layout for thumbnail in thumbnails])
        power = np.array([thumbnail.layout_power for thumbnail in thumbnails])
        like_first, like_last = (layouts @ layouts[[0, -1]].T).T
        both, least = float(like_first[-1]), float(min(power[0], power[-1]))
        most = float(max(power[0], power[-1]))
        apart = least - both * both / max(most, 1e-6)
        if apart < 1e-3 * least or apart <= 0:
            return None
        # Cramer's rule: a library's inverse differs between processors in the last digits.
        scale = apart * most
        first = (like_first * power[-1] - like_last * both) / scale
        last = (like_last * power[0] - like_first * both) / scale
        rest = np.sort(power - (first * like_first + last * like_last))
        near = max(1, len(thumbnails) // 10)
        split = int(np.argmax(np.cumsum(first - last))) + 1
        return cls(
            ends_shown=float(min(first[near], last[-1 - near])),
            unexplained=float(rest[int(0.9 * (len(rest) - 1))]) / apart,
            split=thumbnails[min(split, len(thumbnails) - 1)],
            frames=[thumbnail.index for thumbnail in thumbnails],
            progress=(1 + last - first) / 2,
        )


def _blend(frames: list[int], share: NDArray[np.floating[Any]]) -> range:
    """Frames that show both shots, by what share of the second one each look holds.

    In a dissolve that rises evenly. Where people move or a flash lights the picture a long ramp
    fits by chance: the steepest one that fits about as well counts.
    """
    share = np.clip(share, 0, 1)
    first, last = np.triu_indices(len(share), 1)
    at = np.arange(len(share))[:, None]
    off = np.sum((np.clip((at - first) / (last - first), 0, 1) - share[:, None]) ** 2, axis=0)
    fits = off <= _AS_WELL * off.min() + _NOISE
    steepest = np.argmin(np.where(fits, last - first + off / (1 + off.max()), np.inf))
    start, end = int(first[steepest]), int(last[steepest])
    return range(
        frames[start] + int(share[start] <= _MOST_OTHER),
        frames[end] + int(share[end] < 1 - _MOST_OTHER),
    )


def _alike(a: Thumbnail, b: Thumbnail) -> float:
    """Correlation of two layouts."""
    return float(a.layout @ b.layout) / max(math.sqrt(a.layout_power * b.layout_power), 1e-9)
