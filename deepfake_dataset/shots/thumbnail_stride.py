"""Which frames are looked at for scenes: not every one while hardly anything moves.

A new shot or a new light stays: frames between two that look alike cannot have begun one. Where
two do not, every frame between them is looked at, so that a cut is found at its very frame.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2

from deepfake_dataset.shots.scene_detector import SmallFrame
from deepfake_dataset.video.frame import Frame

# Frames decoded before they are looked at: the more the better, up to what all of them may hold.
_BATCH, _BATCH_BYTES = 24, 25_000_000
# The longest from look to look: four frames at 24 or 25 a second, five at 30. With looks a fifth of
# a second apart fewer changes of light are found.
GAP_S = 0.168
# And in frames: times may stand still, memory is bounded.
_GAP_FRAMES = 10
# Looks alike differ by fewer levels than this, averaged over Y, U and V. Scenes are found
# as well as by looking at every frame (``benchmarks/scenes.py``).
_ALIKE_LEVELS = 3.0


def glance(frames: Iterable[Frame]) -> Iterator[tuple[Frame, SmallFrame | None]]:
    """Frames, each with its thumbnail, or None where that would say nothing new.

    They come in batches: were each looked into as soon as it is decoded, the decoder would find
    the processor's caches full of other data every time, and so would who looks.
    """
    batch: list[tuple[Frame, SmallFrame | None]] = []
    for frame, look in _glanced(frames):
        batch.append((frame, look))
        if len(batch) >= min(_BATCH, _BATCH_BYTES // max(1, frame.nbytes)):
            yield from batch
            batch = []
    yield from batch


def _glanced(frames: Iterable[Frame]) -> Iterator[tuple[Frame, SmallFrame | None]]:
    """The same one after another; frames wait until the next look is known to be due."""
    before: SmallFrame | None = None
    waiting: list[Frame] = []
    for frame in frames:
        if waiting and (
            before is None or frame.time_s - before.time_s > GAP_S or len(waiting) >= _GAP_FRAMES
        ):
            looks = _looks(waiting, before)
            yield from zip(waiting, looks, strict=True)
            before, waiting = looks[-1], []
        waiting.append(frame)
    if waiting:
        yield from zip(waiting, _looks(waiting, before), strict=True)


def _looks(frames: Sequence[Frame], before: SmallFrame | None) -> list[SmallFrame | None]:
    """The last frame's thumbnail, and such of the others' as tell something new."""
    last = _look(frames[-1])
    return [*_between(frames[:-1], before, last), last]


def _between(
    frames: Sequence[Frame], before: SmallFrame | None, after: SmallFrame
) -> list[SmallFrame | None]:
    """No thumbnails between looks that are alike; else the middle one, and so on beside it."""
    if not frames:
        return []
    if before is not None and _are_alike(before, after):
        return [None] * len(frames)
    middle = len(frames) // 2
    look = _look(frames[middle])
    left = _between(frames[:middle], before, look)
    return [*left, look, *_between(frames[middle + 1 :], look, after)]


def _look(frame: Frame) -> SmallFrame:
    return SmallFrame(frame.index, frame.time_s, frame.small())


def _are_alike(a: SmallFrame, b: SmallFrame) -> bool:
    if a.yuv.shape != b.yuv.shape:
        return False
    return cv2.norm(a.yuv, b.yuv, cv2.NORM_L1) < _ALIKE_LEVELS * a.yuv.size
