"""Changes of light: tone and colour move and stay moved while the edges stay.

Ten times a second the picture is reduced to a coarse grid of cells. Windows before and
after a possible change are compared cell by cell: light moves nearly all cells the same
way; a person or an object that moves does not, and a flash or a flicker does not last.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.extract.look import Look, same_shot
from deepfake_dataset.records import Box

Cells = NDArray[np.float32]

_BEAT_S = 0.1
_HOLD_S = 1.0
"""How long light must have stood still after a change, and before it where there is time."""
_MIN_BEFORE_S = 0.4
# Lengths of change that are looked for: a step, and slow ramps.
_RAMPS_S = np.array([0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
_KEPT_S = 2 * _HOLD_S + float(_RAMPS_S[-1])
_MAX_LOOKS = 600
_GRID_LONG_SIDE = 16
# One unit of change: in log luma (a gain of 1.1) and in levels of chroma.
_LOG_UNIT = 0.10
_CHROMA_UNIT = 3.5
# Added to luma before the logarithm: what is nearly black carries noise, not light.
_DARK = 16.0
# Cells darker or brighter than this before and after say nothing: black, or clipped.
_BLACK, _WHITE = (float(np.log(luma + _DARK)) / _LOG_UNIT for luma in (12, 243))
_MIN_CELLS = 0.2
_MIN_COHERENCE = 0.7
# Drift within a window over the change between them: 0 for a step, .5 within a ramp.
_MAX_DRIFT = 0.25
# Of the mean of all cells, where only what is worth a closer look is asked.
_GATE = 0.5
_MAX_MEAN_DRIFT = 0.4


@dataclass(frozen=True, slots=True)
class Change:
    """The frame at which half of a change of light has passed."""

    frame: int
    time_s: float


@dataclass(frozen=True, eq=False)
class _Beat:
    """The cells of one look, in units of a change: (n, 3) log luma and chroma."""

    look: Look
    tone: Cells

    @cached_property
    def mean(self) -> Cells:
        """Of all cells, (3,)."""
        return np.asarray(self.tone.mean(axis=0))


@dataclass(slots=True)
class LightDetector:
    """Finds lasting changes of light in looks given in order."""

    _looks: deque[Look] = field(default_factory=lambda: deque(maxlen=_MAX_LOOKS))
    _beats: deque[_Beat] = field(default_factory=deque)
    _region: Box | None = None

    def watch(self, region: Box | None) -> None:
        """Judge by this part of the picture, in fractions of it."""
        self._region = region

    def restart(self, frame: int) -> None:
        """Forget all looks before this frame: they belong to another scene."""
        while self._looks and self._looks[0].index < frame:
            self._looks.popleft()
        while self._beats and self._beats[0].look.index < frame:
            self._beats.popleft()

    def push(self, look: Look, in_doubt: bool) -> Change | None:
        """A change that became certain with this look; none while a cut is in doubt."""
        self._looks.append(look)
        while look.time_s - self._looks[0].time_s > _KEPT_S:
            self._looks.popleft()
        if self._beats and look.time_s - self._beats[-1].look.time_s < _BEAT_S * 0.99:
            return None
        self._beats.append(_beat(look))
        while self._beats[0].look.index < self._looks[0].index:
            self._beats.popleft()
        return None if in_doubt else self._check()

    def _check(self) -> Change | None:
        mask: NDArray[np.bool_] | None = None
        for before, after in _moved_windows(self._beats):
            if mask is None:
                mask, new = _mask(after[0].look, self._region), _typical(after)
            step = _Step.between(_typical(before), new, mask)
            if step.is_light and step.is_steady(before, after) and _edges_stay(before, after):
                look = step.middle(self._between(before, after))
                self.restart(after[0].look.index)
                return Change(look.index, look.time_s)
        return None

    def _between(self, before: list[_Beat], after: list[_Beat]) -> list[Look]:
        first, last = before[-1].look.index, after[0].look.index
        return [look for look in self._looks if first <= look.index <= last]


@dataclass(frozen=True, eq=False)
class _Step:
    """The change between two windows, judged by some of the cells."""

    mask: NDArray[np.bool_]
    old: Cells
    move: Cells
    """(3,) the median change of cells, in units."""
    coherence: float
    """Share of cells that went at least half the common way."""

    @classmethod
    def between(cls, old: Cells, new: Cells, mask: NDArray[np.bool_]) -> "_Step":
        """Compare two windows' typical tones in the cells of the mask."""
        lit = mask & _lit(old, new)
        if lit.sum() < _MIN_CELLS * mask.sum():
            return cls(lit, old, np.zeros(3, np.float32), 0.0)
        change = new[lit] - old[lit]
        move = np.median(change, axis=0)
        along = change @ move / max(float(move @ move), 1e-6)
        return cls(lit, old[lit], move, float((along > 0.5).mean()))

    @property
    def is_light(self) -> bool:
        """Whether this is a change that nearly all cells share."""
        return float(np.linalg.norm(self.move)) >= 1 and self.coherence >= _MIN_COHERENCE

    def is_steady(self, before: list[_Beat], after: list[_Beat]) -> bool:
        """Whether light stood still within both windows, compared with how far it went."""
        return max(_drift(self._path(beats)) for beats in (before, after)) <= _MAX_DRIFT

    def middle(self, looks: list[Look]) -> Look:
        """The first look at which half of the change has passed."""
        path = self._path([_beat(look) for look in looks])
        return looks[min(int(np.argmax(np.cumsum([0.0, *(0.5 - path)]))), len(looks) - 1)]

    def _path(self, beats: list[_Beat]) -> Cells:
        """How far each beat has gone from the old tone (0) toward the new one (1)."""
        gone = (np.stack([beat.tone[self.mask] for beat in beats]) - self.old) @ self.move
        return np.asarray(np.median(gone, axis=1) / max(float(self.move @ self.move), 1e-6))


def _beat(look: Look) -> _Beat:
    height, width = look.yuv.shape[:2]
    scale = _GRID_LONG_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grid = cv2.resize(look.yuv, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    tone = grid.astype(np.float32) / np.float32(_CHROMA_UNIT)
    tone[:, 0] = np.log(grid[:, 0] + np.float32(_DARK)) / np.float32(_LOG_UNIT)
    return _Beat(look, tone)


def _moved_windows(beats: deque[_Beat]) -> Iterable[tuple[list[_Beat], list[_Beat]]]:
    """Pairs of windows, the later one ending now, that might lie about a change.

    Judged by the mean of all cells alone: it must have moved between the windows, and
    stood about still within them.
    """
    times = np.array([beat.look.time_s for beat in beats])
    now_s = times[-1]
    total = np.cumsum([np.zeros(3, np.float32), *(beat.mean for beat in beats)], axis=0)
    after = np.searchsorted(times, [now_s - _HOLD_S])
    last = np.array([len(beats)])
    ends = np.searchsorted(times, now_s - _HOLD_S - _RAMPS_S, side="right")
    starts = np.searchsorted(times, now_s - 2 * _HOLD_S - _RAMPS_S)
    ends, starts = (
        at[now_s - _HOLD_S - _RAMPS_S - times[0] >= _MIN_BEFORE_S] for at in (ends, starts)
    )
    went = np.linalg.norm(_mean(total, after, last) - _mean(total, starts, ends), axis=1)
    drift = np.maximum(_tail(total, after, last), _tail(total, starts, ends))
    listed = list(beats)
    for at in np.flatnonzero((went > _GATE) & (drift < _MAX_MEAN_DRIFT * went)):
        yield listed[starts[at] : ends[at]], listed[after[0] :]


def _mean(total: Cells, start: NDArray[np.intp], end: NDArray[np.intp]) -> Cells:
    """Means of runs, from cumulative sums."""
    return np.asarray((total[end] - total[start]) / np.maximum(end - start, 1)[:, None])


def _tail(total: Cells, start: NDArray[np.intp], end: NDArray[np.intp]) -> Cells:
    """How far the last third of runs lies from the first third."""
    third = np.maximum((end - start) // 3, 1)
    tail = _mean(total, end - third, end) - _mean(total, start, start + third)
    return np.asarray(np.linalg.norm(tail, axis=1))


def _typical(beats: list[_Beat]) -> Cells:
    """The median tone of each cell over a window: a flash within it leaves no trace."""
    tones = np.stack([beat.tone for beat in beats])
    return np.asarray(np.partition(tones, len(beats) // 2, axis=0)[len(beats) // 2])


def _lit(old: Cells, new: Cells) -> NDArray[np.bool_]:
    """Cells that are neither black nor clipped throughout."""
    log_luma = np.stack([old[:, 0], new[:, 0]])
    return np.asarray((log_luma.max(axis=0) > _BLACK) & (log_luma.min(axis=0) < _WHITE))


def _drift(path: Cells) -> float:
    """How far a window is from standing still, as a share of the change."""
    third = max(1, len(path) // 3)
    tail = abs(float(np.median(path[-third:]) - np.median(path[:third])))
    return max(2 * tail, float(np.quantile(np.abs(path - np.median(path)), 0.8)))


def _edges_stay(before: list[_Beat], after: list[_Beat]) -> bool:
    """Whether the same shot is shown at the change and to its end."""
    old, new, last = before[-1].look, after[0].look, after[-1].look
    if any(beat.look.is_blank for beat in (*before, *after)):
        return False
    return same_shot(old, new) and (same_shot(new, last) or same_shot(old, last))


def _mask(look: Look, region: Box | None) -> NDArray[np.bool_]:
    """Cells of the face and what surrounds it: its box, twice as wide and high."""
    height, width = look.yuv.shape[:2]
    scale = _GRID_LONG_SIDE / max(height, width)
    height, width = max(1, round(height * scale)), max(1, round(width * scale))
    if region is None:
        return np.ones(height * width, bool)
    x, y = region.center
    across = np.abs((np.arange(width) + 0.5) / width - x) <= region.width
    down = np.abs((np.arange(height) + 0.5) / height - y) <= region.height
    near = (down[:, None] & across[None, :]).ravel()
    return near if near.any() else np.ones(height * width, bool)
