"""Detects changes of camera angle: cuts, with the help of ``dissolve.py`` dissolves and fades too.

Candidates come cheaply from every frame; what decides is whether the structure before
is gone for good. A flash, a fade and back, or a change of light leaves it in place.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from deepfake_dataset.shots.cut_candidates import CutCandidates
from deepfake_dataset.shots.dissolve import Mixture, find_transition
from deepfake_dataset.shots.thumbnail import (
    OTHER_SHOT,
    SAME_SHOT,
    Thumbnail,
    same_shot,
    similarity,
)

# Lengths of the windows searched for a dissolve or a fade; the longest found takes two seconds.
_SPANS_S = (0.4, 0.8, 1.6, 2.4)
_CHECK_EVERY_S = 0.2
# Candidates are named two frames late.
_LATEST = 5
_MAX_THUMBNAILS = 600
_MAX_PENDING = 8
# A shot that is back stays for a while: not every look is asked whether it is.
_ASK_EVERY_S = 0.07
# How long a shot has to come back after a flash or behind an object that passes.
_SETTLE_S = 0.6
# A cut between looks that are somewhat alike may be an object that passes: wait for its end.
_SETTLE_DOUBTFUL_S = 1.5
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

    thumbnail: Thumbnail
    shown_s: float


@dataclass(slots=True)
class _BlankRun:
    """Looks in a row that show nothing."""

    cuts: deque[Cut] = field(default_factory=lambda: deque(maxlen=_MAX_THUMBNAILS))
    hard: Cut | None = None
    """The first of them, where it follows without a fade."""

    @property
    def parts_at(self) -> Cut:
        """Where a new scene would begin: at a hard edge, else in the middle."""
        return self.hard or self.cuts[len(self.cuts) // 2]


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    """A cut that is one unless the shot before comes back."""

    before: Thumbnail
    first: _Shown
    cut: Cut
    """Where the new shot begins if it is one."""
    alike: float
    settle_s: float


class ShotChangeDetector:
    """Detects changes of shot in thumbnails given in order."""

    def __init__(self) -> None:
        self._candidates = CutCandidates()
        self._shown: deque[_Shown] = deque(maxlen=_MAX_THUMBNAILS)
        self._blank = _BlankRun()
        self._pending: list[_Pending] = []
        self._checked_s = 0.0
        self._asked_s = 0.0
        self._last_s = 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether a cut in the past may yet become certain."""
        return bool(self._pending)

    def push(self, thumbnail: Thumbnail) -> list[Cut]:
        """Cuts that became certain with this look."""
        named = self._candidates.push(thumbnail)
        self._keep(thumbnail)
        if not thumbnail.is_blank and thumbnail.time_s - self._asked_s >= _ASK_EVERY_S:
            self._asked_s = thumbnail.time_s
            self._drop_returned(thumbnail)
        for frame in named:
            self._suspect(frame)
        return self._settled() or self._transition()

    def finish(self) -> list[Cut]:
        """The cuts still waited for, as far as they are clear."""
        return [doubt.cut for doubt in self._pending if doubt.alike < OTHER_SHOT]

    def _keep(self, thumbnail: Thumbnail) -> None:
        step_s, self._last_s = thumbnail.time_s - self._last_s, thumbnail.time_s
        if thumbnail.is_blank:
            self._blank.cuts.append(Cut(thumbnail.index, thumbnail.time_s))
            return
        shown_s = self._shown[-1].shown_s + step_s if self._shown else 0.0
        self._shown.append(_Shown(thumbnail, shown_s))
        if self._blank.cuts and len(self._shown) > 1:
            self._doubt(self._last_clear(), self._shown[-1], self._blank.parts_at)
        self._blank = _BlankRun()
        while shown_s - self._shown[0].shown_s > _SPANS_S[-1] + _CHECK_EVERY_S:
            self._shown.popleft()

    def _last_clear(self) -> Thumbnail:
        """The last look before a blank run that a fade had not dimmed much."""
        before = [one.thumbnail for one in list(self._shown)[:-1]]
        least = max(thumbnail.energy for thumbnail in before) / 2
        return next(thumbnail for thumbnail in reversed(before) if thumbnail.energy >= least)

    def _suspect(self, frame: int) -> None:
        if self._blank.cuts and self._blank.cuts[0].frame == frame:
            self._blank.hard = self._blank.cuts[0]
        for before, first in pairwise(list(self._shown)[-_LATEST:]):
            if first.thumbnail.index == frame:
                self._doubt(before.thumbnail, first, Cut(frame, first.thumbnail.time_s))

    def _doubt(self, before: Thumbnail, first: _Shown, cut: Cut) -> None:
        """Wait whether the shot before comes back; a hard edge out of a blank run is the cut."""
        if self._pending and self._pending[-1].first is first:
            self._pending[-1] = replace(self._pending[-1], cut=cut)
            return
        alike = similarity(before, first.thumbnail)
        if alike < SAME_SHOT and len(self._pending) < _MAX_PENDING:
            settle_s = _SETTLE_S if alike < OTHER_SHOT else _SETTLE_DOUBTFUL_S
            self._pending.append(_Pending(before, first, cut, alike, settle_s))

    def _drop_returned(self, thumbnail: Thumbnail) -> None:
        """Forget a doubt, and all that arose since, where its shot before is back."""
        for place, pending in enumerate(self._pending):
            if same_shot(pending.before, thumbnail):
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
        self._forget_before(oldest.first.thumbnail.index)
        return [replace(oldest.cut, blend=blend)]

    def _blend_about(self, first: _Shown) -> range:
        """Frames about a cut that show both shots: conversion to another rate leaves such."""
        thumbnails = [one.thumbnail for one in self._shown]
        after = [thumbnail for thumbnail in thumbnails if thumbnail.index >= first.thumbnail.index][
            :_NEAR
        ]
        before = [thumbnail for thumbnail in thumbnails if thumbnail.index < first.thumbnail.index][
            -_NEAR:
        ]
        mixture = Mixture.of(before + after) if before and after else None
        return mixture.blend if mixture else range(0)

    def _outdone(self, doubt: _Pending) -> bool:
        """Whether a clearer cut follows so soon that only one of the two can stand."""
        return any(
            later.alike < doubt.alike and later.first.shown_s - doubt.first.shown_s < _SETTLE_S
            for later in self._pending
        )

    def _forget_before(self, frame: int) -> None:
        while self._shown[0].thumbnail.index < frame:
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
            if found := find_transition([one.thumbnail for one in shown[start:]]):
                self._forget_before(found.split.index)
                return [Cut(found.split.index, found.split.time_s, found.blend)]
        return []
