"""How often frames are compared for changes of scene: seldom while hardly anything moves.

A new shot or a new light stays: frames between two that look alike cannot have begun one. Where
two do not, every frame between them is looked at, so that a cut is found at its very frame.
"""

from collections.abc import Iterable, Iterator, Sequence

import cv2

from deepfake_dataset.shots.scene_detector import ShrunkFrame
from deepfake_dataset.video.frame import Frame

# Frames decoded before they are compared: the more the better, up to what all of them may hold.
_BATCH, _BATCH_BYTES = 24, 25_000_000
# The longest from thumbnail to thumbnail: four frames at 24 or 25 a second, five at 30. A fifth of
# a second apart fewer changes of light are found.
MAX_STRIDE_S = 0.168
# And in frames: times may stand still, memory is bounded.
_MAX_STRIDE_FRAMES = 10
# Thumbnails that are alike differ by fewer levels than this, averaged over Y, U and V. Scenes are
# found as well as by comparing every frame (``benchmarks/scenes.py``).
_ALIKE_LEVELS = 3.0


def with_thumbnails(frames: Iterable[Frame]) -> Iterator[tuple[Frame, ShrunkFrame | None]]:
    """Frames, each with its thumbnail, or None where that would say nothing new.

    They come in batches: were each compared as soon as it is decoded, the decoder would find
    the processor's caches full of other data every time, and so would the comparison.
    """
    batch: list[tuple[Frame, ShrunkFrame | None]] = []
    for frame, thumbnail in _thumbnails_in_turn(frames):
        batch.append((frame, thumbnail))
        if len(batch) >= min(_BATCH, _BATCH_BYTES // max(1, frame.nbytes)):
            yield from batch
            batch = []
    yield from batch


def _thumbnails_in_turn(frames: Iterable[Frame]) -> Iterator[tuple[Frame, ShrunkFrame | None]]:
    """The same one after another; frames wait until the next thumbnail is due."""
    before: ShrunkFrame | None = None
    waiting: list[Frame] = []
    for frame in frames:
        if waiting and (
            before is None
            or frame.time_s - before.time_s > MAX_STRIDE_S
            or len(waiting) >= _MAX_STRIDE_FRAMES
        ):
            thumbnails = _thumbnails_of(waiting, before)
            yield from zip(waiting, thumbnails, strict=True)
            before, waiting = thumbnails[-1], []
        waiting.append(frame)
    if waiting:
        yield from zip(waiting, _thumbnails_of(waiting, before), strict=True)


def _thumbnails_of(frames: Sequence[Frame], before: ShrunkFrame | None) -> list[ShrunkFrame | None]:
    """The last frame's thumbnail, and such of the others' as tell something new."""
    last = _shrunk(frames[-1])
    return [*_between(frames[:-1], before, last), last]


def _between(
    frames: Sequence[Frame], before: ShrunkFrame | None, after: ShrunkFrame
) -> list[ShrunkFrame | None]:
    """No thumbnails between two that are alike; else the middle one, and so on beside it."""
    if not frames:
        return []
    if before is not None and _are_alike(before, after):
        return [None] * len(frames)
    middle = len(frames) // 2
    thumbnail = _shrunk(frames[middle])
    left = _between(frames[:middle], before, thumbnail)
    return [*left, thumbnail, *_between(frames[middle + 1 :], thumbnail, after)]


def _shrunk(frame: Frame) -> ShrunkFrame:
    return ShrunkFrame(frame.index, frame.time_s, frame.thumbnail())


def _are_alike(a: ShrunkFrame, b: ShrunkFrame) -> bool:
    if a.yuv.shape != b.yuv.shape:
        return False
    return cv2.norm(a.yuv, b.yuv, cv2.NORM_L1) < _ALIKE_LEVELS * a.yuv.size
