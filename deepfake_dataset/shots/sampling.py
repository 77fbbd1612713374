"""Which frames of a scene are kept: evenly spread, in bounded memory, in one pass.

The end of a scene is not known before it comes. Frames are kept at a stride that starts
at one; whenever the buffer is full, every second frame is let go and the stride doubles.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from deepfake_dataset.video.frame import Frame

# What a buffer may hold: a hundred frames of 1080p in 4:2:0, which leaves a worker below
# 700 MB with its models. Larger pictures still get fifty, up to a gigabyte.
_BUFFER_BYTES, _MOST_BYTES = 320_000_000, 1_000_000_000
_FEWEST_FRAMES = 50
# A change of camera angle is known only some time later. The frames since are held whatever
# the stride, so that a scene's first frames are there when it turns out to be one.
_RECENT_S, _RECENT_BYTES = 0.7, 60_000_000


@dataclass(slots=True)
class SceneBuffer:
    """Frames of the scene that is going on."""

    wanted: int
    """Frames a scene."""
    start: int = 0
    """Index of the scene's first frame."""
    _kept: list[Frame] = field(default_factory=list)
    _recent: deque[Frame] = field(default_factory=deque)
    _stride: int = 1

    def offer(self, frame: Frame) -> None:
        """Show the next frame; it is kept or not."""
        self._remember(frame)
        if self._kept and self._turn(frame) == self._turn(self._kept[-1]):
            return
        self._kept.append(frame)
        while len(self._kept) > self._capacity(frame):
            self._stride *= 2
            self._kept = [next(turn) for _, turn in groupby(self._kept, self._turn)]

    def split(self, at: int, blend: range = range(0)) -> "SceneBuffer":
        """Part with the frames from index ``at`` on: they are the next scene's.

        Neither scene keeps those of ``blend``, which show something of both.
        """
        self._kept = [f for f in self._kept if f.index not in blend]
        recent = [f for f in self._recent if f.index not in blend]
        later = {f.index: f for f in (*self._kept, *recent) if f.index >= at}
        following = SceneBuffer(self.wanted, start=at)
        for index in sorted(later):
            following.offer(later[index])
        self._kept = [f for f in self._kept if f.index < at]
        self._recent.clear()
        return following

    @property
    def frames(self) -> tuple[Frame, ...]:
        """What is held, in order."""
        return tuple(self._kept)

    def _turn(self, frame: Frame) -> int:
        """Of each run of ``stride`` frames the first is kept that there is."""
        return (frame.index - self.start) // self._stride

    def _remember(self, frame: Frame) -> None:
        self._recent.append(frame)
        most = max(1, _RECENT_BYTES // max(1, frame.nbytes))
        while len(self._recent) > most or frame.time_s - self._recent[0].time_s > _RECENT_S:
            self._recent.popleft()

    def _capacity(self, frame: Frame) -> int:
        each = max(1, frame.nbytes)
        affordable = max(_BUFFER_BYTES // each, min(_FEWEST_FRAMES, _MOST_BYTES // each))
        return max(2, min(most_kept(self.wanted), affordable))


def most_kept(wanted: int) -> int:
    """Frames that are held of a scene at most: twice those wanted, for want of neighbours."""
    return 2 * wanted


def spread(frames: Sequence[Frame], wanted: int) -> list[int]:
    """Positions of ``wanted`` of the frames, as evenly as their indices allow.

    Frames held from before a scene was known to have begun may lie less dense than later ones.
    """
    if len(frames) <= wanted:
        return list(range(len(frames)))
    span = range(frames[0].index, frames[-1].index + 1)
    ideal = [span[i] for i in evenly(len(span), wanted)]
    held = [frame.index for frame in frames]
    chosen = {_nearest(held, index) for index in ideal}
    spare = [i for i in range(len(held)) if i not in chosen]
    more = evenly(len(spare), wanted - len(chosen))
    return sorted(chosen | {spare[i] for i in more})


def _nearest(ordered: Sequence[int], number: int) -> int:
    """Position of the number nearest to another one, the earlier of two."""
    after = bisect_left(ordered, number)
    around = range(max(0, after - 1), min(after + 1, len(ordered)))
    return min(around, key=lambda i: abs(ordered[i] - number))


def evenly(count: int, wanted: int) -> list[int]:
    """Positions of ``wanted`` out of ``count`` things, first and last among them.

    All of them where there are not more.
    """
    if count <= wanted:
        return list(range(count))
    if wanted < 2:
        return [count // 2] * wanted
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]
