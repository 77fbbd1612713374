"""Changes of camera angle: cuts, and dissolves and fades into another shot.

Candidates come cheaply from every frame; what decides is whether the structure before
is gone for good. A flash, a fade and back, or a change of light leaves it in place.
"""

import math
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.shots.cut_candidates import Candidates
from deepfake_dataset.shots.thumbnail import (
    OTHER_SHOT,
    SAME_SHOT,
    Look,
    are_similar,
    same_shot,
    similarity,
)

# Lengths of the windows searched for a dissolve or a fade; the longest found takes two seconds.
_SPANS_S = (0.4, 0.8, 1.6, 2.4)
_CHECK_EVERY_S = 0.2
_MIN_WINDOW = 5
# Candidates are named two frames late.
_LATEST = 5
_MAX_LOOKS = 600
_MAX_PENDING = 8
# A shot that is back stays for a while: not every look is asked whether it is.
_ASK_EVERY_S = 0.07
# How long a shot has to come back after a flash or behind an object that passes.
_SETTLE_S = 0.6
# A cut between looks that are somewhat alike may be an object that passes: wait for its end.
_SETTLE_DOUBTFUL_S = 1.5
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
# Looks on either side of a cut among which those are sought that show both shots.
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """First frame of a new shot."""

    frame: int
    time_s: float
    blend: range = range(0)
    """Frames that show both shots at once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A look that shows something, and the time on a clock that stops while all is blank."""

    look: Look
    shown_s: float


@dataclass(slots=True)
class _BlankRun:
    """Looks in a row that show nothing."""

    cuts: deque[Cut] = field(default_factory=lambda: deque(maxlen=_MAX_LOOKS))
    hard: Cut | None = None
    """The first of them, where it follows without a fade."""

    @property
    def parts_at(self) -> Cut:
        """Where a new scene would begin: at a hard edge, else in the middle."""
        return self.hard or self.cuts[len(self.cuts) // 2]


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    """A cut that is one unless the shot before comes back."""

    before: Look
    first: _Shown
    cut: Cut
    """Where the new shot begins if it is one."""
    alike: float
    settle_s: float


class AngleDetector:
    """Finds changes of shot in looks given in order."""

    def __init__(self) -> None:
        self._candidates = Candidates()
        self._shown: deque[_Shown] = deque(maxlen=_MAX_LOOKS)
        self._blank = _BlankRun()
        self._pending: list[_Pending] = []
        self._checked_s = 0.0
        self._asked_s = 0.0
        self._last_s = 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether a cut in the past may yet become certain."""
        return bool(self._pending)

    def push(self, look: Look) -> list[Cut]:
        """Cuts that became certain with this look."""
        named = self._candidates.push(look)
        self._keep(look)
        if not look.is_blank and look.time_s - self._asked_s >= _ASK_EVERY_S:
            self._asked_s = look.time_s
            self._drop_returned(look)
        for frame in named:
            self._suspect(frame)
        return self._settled() or self._transition()

    def finish(self) -> list[Cut]:
        """The cuts still waited for, as far as they are clear."""
        return [doubt.cut for doubt in self._pending if doubt.alike < OTHER_SHOT]

    def _keep(self, look: Look) -> None:
        step_s, self._last_s = look.time_s - self._last_s, look.time_s
        if look.is_blank:
            self._blank.cuts.append(Cut(look.index, look.time_s))
            return
        shown_s = self._shown[-1].shown_s + step_s if self._shown else 0.0
        self._shown.append(_Shown(look, shown_s))
        if self._blank.cuts and len(self._shown) > 1:
            self._doubt(self._last_clear(), self._shown[-1], self._blank.parts_at)
        self._blank = _BlankRun()
        while shown_s - self._shown[0].shown_s > _SPANS_S[-1] + _CHECK_EVERY_S:
            self._shown.popleft()

    def _last_clear(self) -> Look:
        """The last look before a blank run that a fade had not dimmed much."""
        before = [one.look for one in list(self._shown)[:-1]]
        least = max(look.energy for look in before) / 2
        return next(look for look in reversed(before) if look.energy >= least)

    def _suspect(self, frame: int) -> None:
        if self._blank.cuts and self._blank.cuts[0].frame == frame:
            self._blank.hard = self._blank.cuts[0]
        for before, first in pairwise(list(self._shown)[-_LATEST:]):
            if first.look.index == frame:
                self._doubt(before.look, first, Cut(frame, first.look.time_s))

    def _doubt(self, before: Look, first: _Shown, cut: Cut) -> None:
        """Wait whether the shot before comes back; a hard edge out of a blank run is the cut."""
        if self._pending and self._pending[-1].first is first:
            self._pending[-1] = replace(self._pending[-1], cut=cut)
            return
        alike = similarity(before, first.look)
        if alike < SAME_SHOT and len(self._pending) < _MAX_PENDING:
            settle_s = _SETTLE_S if alike < OTHER_SHOT else _SETTLE_DOUBTFUL_S
            self._pending.append(_Pending(before, first, cut, alike, settle_s))

    def _drop_returned(self, look: Look) -> None:
        """Forget a doubt, and all that arose since, where its shot before is back."""
        for place, pending in enumerate(self._pending):
            if same_shot(pending.before, look):
                del self._pending[place:]
                return

    def _settled(self) -> list[Cut]:
        if not self._pending or not self._shown:
            return []
        oldest = self._pending[0]
        if self._shown[-1].shown_s - oldest.first.shown_s < oldest.settle_s:
            return []
        del self._pending[0]
        if self._outdone(oldest):
            return []
        blend = self._blend_about(oldest.first)
        self._forget_before(oldest.first.look.index)
        return [replace(oldest.cut, blend=blend)]

    def _blend_about(self, first: _Shown) -> range:
        """Frames about a cut that show both shots: conversion to another rate leaves such."""
        looks = [one.look for one in self._shown]
        after = [look for look in looks if look.index >= first.look.index][:_NEAR]
        before = [look for look in looks if look.index < first.look.index][-_NEAR:]
        mixture = _Mixture.of(before + after) if before and after else None
        return mixture.blend if mixture else range(0)

    def _outdone(self, doubt: _Pending) -> bool:
        """Whether a clearer cut follows so soon that only one of the two can stand."""
        return any(
            later.alike < doubt.alike and later.first.shown_s - doubt.first.shown_s < _SETTLE_S
            for later in self._pending
        )

    def _forget_before(self, frame: int) -> None:
        while self._shown[0].look.index < frame:
            self._shown.popleft()

    def _transition(self) -> list[Cut]:
        if self._pending or not self._shown:
            return []
        now_s = self._shown[-1].shown_s
        if now_s - self._checked_s < _CHECK_EVERY_S:
            return []
        self._checked_s = now_s
        shown = list(self._shown)
        starts = np.searchsorted([one.shown_s for one in shown], now_s - np.array(_SPANS_S))
        for start in starts[starts > 0]:
            if cut := _find_transition([one.look for one in shown[start:]]):
                self._forget_before(cut.frame)
                return [cut]
        return []


def _find_transition(window: list[Look]) -> Cut | None:
    """Where the second shot begins, if the window passes from one shot into another."""
    if len(window) < _MIN_WINDOW or _alike(window[0], window[-1]) > _MAX_ALIKE:
        return None
    mixture = _Mixture.of(window)
    if not mixture or mixture.ends_shown < _END_SHARE or mixture.unexplained >= _MAX_DOUBT:
        return None
    if are_similar(window[0], window[-1], _MAX_DOUBT - mixture.unexplained):
        return None
    return Cut(mixture.split.index, mixture.split.time_s, mixture.blend)


@dataclass(frozen=True, slots=True, eq=False)
class _Mixture:
    """How well looks are told as mixtures of the first and the last of them."""

    ends_shown: float
    """What looks near the ends hold of the end they are near to; 1 where all stands still."""
    unexplained: float
    """What mixtures leave of nine looks in ten, over what tells the two ends apart."""
    split: Look
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
    def of(cls, looks: list[Look]) -> "_Mixture | None":
        """Fit every look by the first and the last one; None where these two are one."""
        layouts = np.stack([look.layout for look in looks])
        power = np.array([look.layout_power for look in looks])
        likeness = layouts @ layouts[[0, -1]].T
        gram = likeness[[0, -1]]
        apart = float(np.linalg.det(gram)) / max(float(gram[0, 0]), float(gram[1, 1]), 1e-6)
        if apart < 1e-3 * min(power[0], power[-1]) or apart <= 0:
            return None
        shares = likeness @ np.linalg.inv(gram)
        rest = np.sort(power - (shares * likeness).sum(axis=1))
        near = max(1, len(looks) // 10)
        split = int(np.argmax(np.cumsum(shares[:, 0] - shares[:, 1]))) + 1
        return cls(
            ends_shown=float(min(shares[near, 0], shares[-1 - near, 1])),
            unexplained=float(rest[int(0.9 * (len(rest) - 1))]) / apart,
            split=looks[min(split, len(looks) - 1)],
            frames=[look.index for look in looks],
            progress=(1 + shares[:, 1] - shares[:, 0]) / 2,
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


def _alike(a: Look, b: Look) -> float:
    """Correlation of two layouts."""
    return float(a.layout @ b.layout) / max(math.sqrt(a.layout_power * b.layout_power), 1e-9)
