"""Holds frames of the scene that is going on, evenly spread and in bounded memory.

The end of a scene is not known before it comes. Frames are held at a stride that starts
at one; whenever the buffer is full, every second frame is let go and the stride doubles.
"""

from collections import deque
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
class FrameBuffer:
    """Frames of the scene that is going on."""

    wanted: int
    """Frames a scene."""
    start: int = 0
    """Index of the scene's first frame."""
    _held: list[Frame] = field(default_factory=list)
    _recent: deque[Frame] = field(default_factory=deque)
    _stride: int = 1

    def add(self, frame: Frame) -> None:
        """Show the next frame; it is kept or not."""
        self._remember(frame)
        if self._held and self._stride_number(frame) == self._stride_number(self._held[-1]):
            return
        self._held.append(frame)
        while len(self._held) > self._capacity(frame):
            self._stride *= 2
            self._held = [next(turn) for _, turn in groupby(self._held, self._stride_number)]

    def split(self, at: int, blend: range = range(0)) -> "FrameBuffer":
        """Part with the frames from index ``at`` on: they are the next scene's.

        Neither scene keeps those of ``blend``, which show something of both.
        """
        self._held = [f for f in self._held if f.index not in blend]
        recent = [f for f in self._recent if f.index not in blend]
        later = {f.index: f for f in (*self._held, *recent) if f.index >= at}
        following = FrameBuffer(self.wanted, start=at)
        for index in sorted(later):
            following.add(later[index])
        self._held = [f for f in self._held if f.index < at]
        self._recent.clear()
        return following

    @property
    def frames(self) -> tuple[Frame, ...]:
        """What is held, in order."""
        return tuple(self._held)

    def _stride_number(self, frame: Frame) -> int:
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
        return max(2, min(max_frames_held(self.wanted), affordable))


def max_frames_held(wanted: int) -> int:
    """Frames that are held of a scene at most: twice those wanted, for want of neighbours."""
    return 2 * wanted
