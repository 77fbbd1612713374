"""Which frames of a scene are kept: evenly spread, in bounded memory, in one pass.

The end of a scene is not known before it comes. Frames are kept at a stride that starts
at one; whenever the buffer is full, every second frame is let go and the stride doubles.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from deepfake_dataset.extract.frame import Frame

# What a buffer may hold: a hundred frames of 1080p in 4:2:0, which leaves a worker
# below 700 MB with its models. Larger pictures get fewer frames a scene, not more memory.
_BUFFER_BYTES = 320_000_000
_FEWEST_FRAMES = 20
# A change of camera angle is known only some frames later. The last frames are kept
# whatever the stride, so that a scene's first frames are there when it turns out to be one.
_RECENT_FRAMES = 16


@dataclass(slots=True)
class SceneBuffer:
    """Frames of the scene that is going on."""

    wanted: int
    """Frames a scene; twice as many are held where memory allows, for want of neighbours."""
    start: int = 0
    """Index of the scene's first frame."""
    _kept: list[Frame] = field(default_factory=list)
    _recent: deque[Frame] = field(default_factory=lambda: deque(maxlen=_RECENT_FRAMES))
    _stride: int = 1

    def offer(self, frame: Frame) -> None:
        """Show the next frame; it is kept or not."""
        self._recent.append(frame)
        if self._kept and frame.index - self._kept[-1].index < self._stride:
            return
        self._kept.append(frame)
        while len(self._kept) > self._capacity(frame):
            self._stride *= 2
            self._kept = _thinned(self._kept, self._stride)

    def split(self, at: int) -> "SceneBuffer":
        """Part with the frames from index ``at`` on: they are the next scene's."""
        later = {f.index: f for f in (*self._kept, *self._recent) if f.index >= at}
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

    def _capacity(self, frame: Frame) -> int:
        return max(_FEWEST_FRAMES, min(2 * self.wanted, _BUFFER_BYTES // max(1, frame.nbytes)))


def _thinned(frames: Sequence[Frame], stride: int) -> list[Frame]:
    """The first frame, and each that lies at least ``stride`` after the last one taken."""
    taken = [frames[0]]
    for frame in frames[1:]:
        if frame.index - taken[-1].index >= stride:
            taken.append(frame)
    return taken


def evenly(count: int, wanted: int) -> list[int]:
    """Positions of ``wanted`` out of ``count`` things, first and last among them.

    All of them where there are not more.
    """
    if count <= wanted:
        return list(range(count))
    if wanted == 1:
        return [count // 2]
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]
