"""Detects changes of light: tone and colour move and stay moved while the edges stay.

Six to ten times a second the picture is reduced to a coarse grid of cells. Windows before and
after a possible change are compared cell by cell: light moves nearly all cells the same
way; a person or an object that moves does not, and a flash or a flicker does not last.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.records import Box
from deepfake_dataset.shots.thumbnail import Thumbnail, are_similar, same_shot

Cells = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SAMPLE_EVERY_S = 0.1
_CHECK_EVERY_S = 0.3
"""Windows are long: asked three times a second they say as much as at every beat."""
_HOLD_S = 1.0
"""How long light must have stood still after a change, and before it where there is time."""
_MIN_BEFORE_S = 0.4
# Lengths of change that are looked for: a step, and slow ramps.
_RAMPS_S = np.array([0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
_KEPT_S = 2 * _HOLD_S + float(_RAMPS_S[-1])
_MAX_THUMBNAILS = 600
_GRID_LONG_SIDE = 16
# One unit of change: in log luma (a gain of 1.1) and in levels of chroma.
_LOG_UNIT = 0.10
_CHROMA_UNIT = 3.5
# Added to luma before the logarithm: what is nearly black carries noise, not light.
_DARK = 16.0
# Tones are in 256ths of a unit: their products and sums are held without an error, and are the
# same on every processor.
_STEPS = 256
_CHROMA = np.rint(np.arange(256) * (_STEPS / _CHROMA_UNIT)) / _STEPS
_LOG_LUMA = np.array(
    [round(math.log(luma + _DARK) / _LOG_UNIT * _STEPS) / _STEPS for luma in range(256)]
)
# Cells darker or brighter than this before and after say little: a white balance moves dark
# ones by a level or two, and clipped ones not at all.
_DIM, _CLIPPED = _LOG_LUMA[40], _LOG_LUMA[243]
_MIN_CELLS = 0.1
# A face with fewer cells about it is too small to be judged by.
_MIN_WATCHED = 6
_MIN_COHERENCE = 0.7
# A head that moves changes most cells about it, but hardly any elsewhere. Light changes those
# too, if less: this share of them goes a quarter of the way. Heads gave .0 to .54, light that
# changed .86 and more.
_ELSEWHERE, _MIN_ELSEWHERE = 0.25, 0.7
# From one frame to the next no person moves most of the cells.
_SUDDEN_COHERENCE = 0.85
# How far light may go back from a sudden change, and how far on, most of the time about it.
_MAX_BACK, _MAX_ON = 0.4, 1.0
# Drift within a window over the change between them: 0 for a step, .5 within a ramp.
_MAX_DRIFT = 0.3
# People move within the seconds that a ramp takes: less likeness is asked than across a cut.
_MIN_ALIKE = 0.5
# Of the mean of all cells, where only what is worth a closer look is asked.
_GATE = 0.5
_MAX_MEAN_DRIFT = 0.4


@dataclass(frozen=True, slots=True)
class LightChange:
    """The frame at which half of a change of light has passed."""

    frame: int
    time_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _LightSample:
    """The cells of one look, in units of a change: log luma and chroma."""

    thumbnail: Thumbnail
    tone: Cells
    """(cells, 3)."""
    mean: Cells
    """(3,) of the cells that are watched."""

    @classmethod
    def of(cls, thumbnail: Thumbnail, watched: Cells) -> "_LightSample":
        """Reduce a look to cells; ``watched`` is 1 for those in the mean, 0 for others."""
        size = _grid_size(thumbnail)[::-1]
        grid = cv2.resize(thumbnail.yuv, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
        tone = _CHROMA[grid]
        tone[:, 0] = _LOG_LUMA[grid[:, 0]]
        return cls(thumbnail, tone, np.asarray(watched @ tone / watched.sum()))


class LightChangeDetector:
    """Detects lasting changes of light in thumbnails given in order."""

    def __init__(self) -> None:
        self._thumbnails: deque[Thumbnail] = deque(maxlen=_MAX_THUMBNAILS)
        self._samples: deque[_LightSample] = deque()
        self._region: Box | None = None
        self._watched: Cells | None = None
        self._checked_s = -math.inf

    def watch(self, region: Box | None) -> None:
        """Judge by this part of the picture, in fractions of it."""
        self._region, self._watched = region, None
        self._samples = deque(self._light_sample(sample.thumbnail) for sample in self._samples)

    def restart(self, frame: int) -> None:
        """Forget all looks before this frame: they belong to another scene."""
        while self._thumbnails and self._thumbnails[0].index < frame:
            self._thumbnails.popleft()
        while self._samples and self._samples[0].thumbnail.index < frame:
            self._samples.popleft()

    def push(self, thumbnail: Thumbnail, in_doubt: bool) -> LightChange | None:
        """A change that became certain with this look; none while a cut is in doubt."""
        self._thumbnails.append(thumbnail)
        while thumbnail.time_s - self._thumbnails[0].time_s > _KEPT_S:
            self._thumbnails.popleft()
        if (
            self._samples
            and thumbnail.time_s - self._samples[-1].thumbnail.time_s < _SAMPLE_EVERY_S * 0.99
        ):
            return None
        self._samples.append(self._light_sample(thumbnail))
        while self._samples[0].thumbnail.index < self._thumbnails[0].index:
            self._samples.popleft()
        if in_doubt:
            return None
        return self._sudden() or self._lasting()

    def _light_sample(self, thumbnail: Thumbnail) -> _LightSample:
        if self._watched is None:
            self._watched = _mask(thumbnail, self._region).astype(np.float64)
        return _LightSample.of(thumbnail, self._watched)

    def _sudden(self) -> LightChange | None:
        """A step just before the last window, clear from one frame to the next.

        People may move in what comes before and after: light alone must stay.
        """
        before, after = _split(self._samples)
        if not before or _distance(before[-1], after[0]) < _GATE:
            return None
        fine = [
            self._light_sample(thumbnail)
            for thumbnail in self._thumbnails_between(before[-1:], after[:1])
        ]
        old, new = max(pairwise(fine), key=lambda pair: _distance(*pair))
        for mask in self._masks():
            step = _Step.between(old.tone, new.tone, mask)
            if step.is_sudden and step.stays(before, after) and _one_shot(old, new, before + after):
                return self._begin(new.thumbnail, after)
        return None

    def _lasting(self) -> LightChange | None:
        """A step or a ramp between windows that stand still: not asked at every beat."""
        now_s = self._samples[-1].thumbnail.time_s
        if now_s - self._checked_s < _CHECK_EVERY_S * 0.99:
            return None
        self._checked_s = now_s
        windows = list(_moved_windows(self._samples))
        if not windows:
            return None
        new, masks = _typical(windows[0][1]), self._masks()
        for before, after in windows:
            step = _lasting_step(before, after, new, masks)
            if step and _edges_stay(before, after):
                between = [
                    self._light_sample(thumbnail)
                    for thumbnail in self._thumbnails_between(before, after)
                ]
                return self._begin(step.middle(between), after)
        return None

    def _masks(self) -> list[Mask]:
        """Cells to judge by: those that are watched, and all of them.

        A face may show less of a change than the rest, or only some of its cells.
        """
        watched = _mask(self._thumbnails[-1], self._region)
        return [watched] if watched.all() else [watched, np.ones_like(watched)]

    def _thumbnails_between(
        self, before: list[_LightSample], after: list[_LightSample]
    ) -> list[Thumbnail]:
        """From the middle of the one window to the middle of the other."""
        first, last = (window[len(window) // 2].thumbnail.index for window in (before, after))
        return [thumbnail for thumbnail in self._thumbnails if first <= thumbnail.index <= last]

    def _begin(self, thumbnail: Thumbnail, after: list[_LightSample]) -> LightChange:
        """The change at this look; what was before is forgotten."""
        self.restart(max(thumbnail.index, after[0].thumbnail.index))
        return LightChange(thumbnail.index, thumbnail.time_s)


@dataclass(frozen=True, eq=False)
class _Step:
    """The change between two windows, judged by some of the cells."""

    mask: Mask
    old: Cells
    move: Cells
    """(3,) the median change of cells, in units."""
    coherence: float
    """Share of cells that went at least half the common way."""

    @classmethod
    def between(cls, old: Cells, new: Cells, mask: Mask) -> "_Step":
        """Compare two windows' typical tones in the cells of the mask."""
        lit = mask & _lit(old, new)
        if lit.sum() < _MIN_CELLS * mask.sum():
            return cls(lit, old[lit], np.zeros(3), 0.0)
        was = old[lit]
        change = new[lit] - was
        move = _median(change)
        along = change @ move / max(float(move @ move), 1e-6)
        return cls(lit, was, move, np.count_nonzero(along > 0.5) / len(along))

    @property
    def is_light(self) -> bool:
        """Whether this is a change that nearly all cells share."""
        return float(self.move @ self.move) >= 1 and self.coherence >= _MIN_COHERENCE

    @property
    def is_sudden(self) -> bool:
        """Whether so many cells share the change that nothing but light can have moved them."""
        return self.is_light and self.coherence >= _SUDDEN_COHERENCE

    def is_shared(self, old: Cells, new: Cells, elsewhere: Mask) -> bool:
        """Whether cells elsewhere went the same way, if there are any that could."""
        lit = elsewhere & _lit(old, new)
        if lit.sum() < _MIN_WATCHED:
            return True
        along = (new[lit] - old[lit]) @ self.move / max(float(self.move @ self.move), 1e-6)
        return float((along > _ELSEWHERE).mean()) >= _MIN_ELSEWHERE

    def stays(self, before: list[_LightSample], after: list[_LightSample]) -> bool:
        """Whether light was not yet as after it, does not go back, nor on as far again.

        What goes back is a flash, what goes on a fade.
        """
        onward = (-self._way(before[::-1]), self._way(after))
        return all(
            np.quantile(-way, 0.65) < _MAX_BACK and np.quantile(way, 0.65) < _MAX_ON
            for way in onward
        )

    def _way(self, samples: list[_LightSample]) -> Cells:
        """How far light has gone since the first beat, as a share of the change.

        Summed up from beat to beat: from one to the next few cells come to show something else.
        """
        tones = np.stack([sample.tone[self.mask] for sample in samples])
        gone = np.median(np.diff(tones, axis=0) @ self.move, axis=1)
        return np.asarray(np.cumsum([0.0, *gone]) / max(float(self.move @ self.move), 1e-6))

    def is_steady(self, before: list[_LightSample], after: list[_LightSample]) -> bool:
        """Whether light stood still within both windows, compared with how far it went."""
        return max(_drift(self._path(samples)) for samples in (before, after)) <= _MAX_DRIFT

    def middle(self, samples: list[_LightSample]) -> Thumbnail:
        """The first look at which half of the change has passed."""
        lead = np.cumsum([0.0, *(0.5 - self._path(samples))])
        return samples[min(int(np.argmax(lead)), len(samples) - 1)].thumbnail

    def _path(self, samples: list[_LightSample]) -> Cells:
        """How far each beat has gone from the old tone (0) toward the new one (1)."""
        gone = (np.stack([sample.tone[self.mask] for sample in samples]) - self.old) @ self.move
        return np.asarray(np.median(gone, axis=1) / max(float(self.move @ self.move), 1e-6))


def _lasting_step(
    before: list[_LightSample], after: list[_LightSample], new: Cells, masks: list[Mask]
) -> _Step | None:
    """The change to the later window's tones ``new``, by the first cells that agree on one."""
    old = _typical(before)
    for mask in masks:
        step = _Step.between(old, new, mask)
        if (
            step.is_light
            and step.is_steady(before, after)
            and step.is_shared(old, new, elsewhere=~mask)
        ):
            return step
    return None


def _distance(a: _LightSample, b: _LightSample) -> float:
    """Between the mean tones, in units."""
    return math.dist(a.mean, b.mean)


def _split(samples: deque[_LightSample]) -> tuple[list[_LightSample], list[_LightSample]]:
    """The last window, and as much before it; nothing before if that is too little."""
    now_s = samples[-1].thumbnail.time_s
    after = [sample for sample in samples if sample.thumbnail.time_s >= now_s - _HOLD_S]
    before = [
        sample
        for sample in samples
        if now_s - 2 * _HOLD_S <= sample.thumbnail.time_s < now_s - _HOLD_S
    ]
    enough = before and after[0].thumbnail.time_s - before[0].thumbnail.time_s >= _MIN_BEFORE_S
    return before if enough else [], after


def _moved_windows(
    samples: deque[_LightSample],
) -> Iterable[tuple[list[_LightSample], list[_LightSample]]]:
    """Pairs of windows, the later one ending now, that might lie about a change.

    Judged by the mean of all cells alone: it must have moved between the windows, and
    stood about still within them.
    """
    means = np.array([sample.mean for sample in samples])
    if _lengths(np.ptp(means, axis=0)) <= _GATE:  # no two windows lie further apart
        return
    times = np.array([sample.thumbnail.time_s for sample in samples])
    now_s = times[-1]
    total = np.vstack([np.zeros(3), np.cumsum(means, axis=0)])
    after = np.searchsorted(times, [now_s - _HOLD_S])
    last = np.array([len(samples)])
    ends = np.searchsorted(times, now_s - _HOLD_S - _RAMPS_S, side="right")
    starts = np.searchsorted(times, now_s - 2 * _HOLD_S - _RAMPS_S)
    ends, starts = (
        at[now_s - _HOLD_S - _RAMPS_S - times[0] >= _MIN_BEFORE_S] for at in (ends, starts)
    )
    went = _lengths(_mean(total, after, last) - _mean(total, starts, ends))
    far = (went > _GATE) & (starts < ends)
    if not far.any():
        return
    drift = np.maximum(_tail(total, after, last), _tail(total, starts, ends))
    listed = list(samples)
    for at in np.flatnonzero(far & (drift < _MAX_MEAN_DRIFT * went)):
        yield listed[starts[at] : ends[at]], listed[after[0] :]


def _mean(total: Cells, start: NDArray[np.intp], end: NDArray[np.intp]) -> Cells:
    """Means of runs, from cumulative sums."""
    return np.asarray((total[end] - total[start]) / np.maximum(end - start, 1)[:, None])


def _tail(total: Cells, start: NDArray[np.intp], end: NDArray[np.intp]) -> Cells:
    """How far the last third of runs lies from the first third."""
    third = np.maximum((end - start) // 3, 1)
    tail = _mean(total, end - third, end) - _mean(total, start, start + third)
    return _lengths(tail)


def _lengths(tones: Cells) -> Cells:
    """Of tones (…, 3), summed in order."""
    return np.asarray(np.sqrt((tones * tones).sum(axis=-1)))


def _typical(samples: list[_LightSample]) -> Cells:
    """The median tone of each cell over a window: a flash within it leaves no trace."""
    tones = np.array([sample.tone for sample in samples])
    tones.partition(len(samples) // 2, axis=0)
    return np.asarray(tones[len(samples) // 2])


def _median(rows: Cells) -> Cells:
    """Of each column. NumPy's own takes three times as long for so few numbers."""
    ordered = np.sort(rows, axis=0)
    return np.asarray((ordered[(len(rows) - 1) // 2] + ordered[len(rows) // 2]) / 2)


def _lit(old: Cells, new: Cells) -> Mask:
    """Cells that are neither dim nor clipped throughout."""
    before, after = old[:, 0], new[:, 0]
    return np.asarray((np.maximum(before, after) > _DIM) & (np.minimum(before, after) < _CLIPPED))


def _drift(path: Cells) -> float:
    """How far a window is from standing still, as a share of the change."""
    third = max(1, len(path) // 3)
    tail = abs(float(np.median(path[-third:]) - np.median(path[:third])))
    return max(2 * tail, float(np.quantile(np.abs(path - np.median(path)), 0.8)))


def _one_shot(old: _LightSample, new: _LightSample, around: list[_LightSample]) -> bool:
    """Whether a sudden change is within a shot, and no end of a fade."""
    return not _any_blank(around) and same_shot(old.thumbnail, new.thumbnail)


def _edges_stay(before: list[_LightSample], after: list[_LightSample]) -> bool:
    """Whether one shot is shown across the change, and from then on, though a camera may move."""
    if _any_blank(before + after):
        return False
    old, new, last = before[-1].thumbnail, after[0].thumbnail, after[-1].thumbnail
    return are_similar(old, new, _MIN_ALIKE) and same_shot(new, last)


def _any_blank(samples: list[_LightSample]) -> bool:
    return any(sample.thumbnail.is_blank for sample in samples)


def _grid_size(thumbnail: Thumbnail) -> tuple[int, int]:
    """Rows and columns of cells, which are about square."""
    height, width = thumbnail.yuv.shape[:2]
    scale = _GRID_LONG_SIDE / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _mask(thumbnail: Thumbnail, region: Box | None) -> Mask:
    """Cells of the face and what surrounds it: its box, twice as wide and high."""
    rows, columns = _grid_size(thumbnail)
    if region is None:
        return np.ones(rows * columns, bool)
    x, y = region.center
    across = np.abs((np.arange(columns) + 0.5) / columns - x) <= region.width
    down = np.abs((np.arange(rows) + 0.5) / rows - y) <= region.height
    near = (down[:, None] & across[None, :]).ravel()
    return near if near.sum() >= _MIN_WATCHED else np.ones_like(near)
