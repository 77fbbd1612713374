"""Detects where scenes begin while a video is decoded: changes of camera angle and of light."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.records import Box, Cause
from deepfake_dataset.shots.cut import Cut, ShotChangeDetector
from deepfake_dataset.shots.light import LightChangeDetector
from deepfake_dataset.shots.thumbnail import LONG_SIDE, Thumbnail


@dataclass(frozen=True, slots=True, eq=False)
class ShrunkFrame:
    """A decoded frame, shrunk for comparison."""

    index: int
    """Of the decoded frame, from 0."""
    time_s: float
    yuv: NDArray[np.uint8]
    """(h, w, 3) full-range 8-bit YUV 4:4:4, of the size of a look or larger."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a new scene begins."""

    frame: int
    """First frame of the new scene."""
    time_s: float
    cause: Cause
    blend: range = range(0)
    """Frames about it that show both scenes at once."""


class SceneDetector:
    """Detects scene boundaries frame by frame, with bounded memory.

    No scene is shorter than ``min_scene_s``, except the last one.
    """

    def __init__(self, min_scene_s: float = 0.6) -> None:
        self._min_scene_s = min_scene_s
        self._angle = ShotChangeDetector()
        self._light = LightChangeDetector()
        self._size: tuple[int, int] | None = None
        self._scene_s: float | None = None

    def watch(self, region: Box | None) -> None:
        """Judge light by a face and what surrounds it, from the current scene's start on.

        The face's box in fractions of the frame; None for the whole frame.
        """
        self._light.watch(region)

    def push(self, shrunk: ShrunkFrame) -> list[Boundary]:
        """Boundaries that became certain with this frame; they may lie in the past."""
        thumbnail = self._look(shrunk)
        if self._scene_s is None:
            self._scene_s = thumbnail.time_s
        found = [_angle(c) for c in self._angle.push(thumbnail)]
        for boundary in found:
            self._light.restart(boundary.frame)
        if change := self._light.push(thumbnail, self._angle.in_doubt):
            found.append(Boundary(change.frame, change.time_s, Cause.LIGHT))
        return [boundary for boundary in found if self._begins(boundary)]

    def finish(self) -> list[Boundary]:
        """Boundaries that were waited for when the video ended."""
        found = [_angle(c) for c in self._angle.finish()]
        return [boundary for boundary in found if self._begins(boundary)]

    def _begins(self, boundary: Boundary) -> bool:
        """Whether the scene before it is long enough; if so, the next one begins here."""
        if boundary.time_s - (self._scene_s or 0.0) < self._min_scene_s:
            return False
        self._scene_s = boundary.time_s
        return True

    def _look(self, shrunk: ShrunkFrame) -> Thumbnail:
        """Every look has the first one's size, even if the stream changes its own."""
        if self._size is None:
            height, width = shrunk.yuv.shape[:2]
            scale = LONG_SIDE / max(height, width)
            self._size = max(1, round(width * scale)), max(1, round(height * scale))
        yuv = shrunk.yuv
        if (yuv.shape[1], yuv.shape[0]) != self._size:
            yuv = np.asarray(cv2.resize(yuv, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        return Thumbnail(shrunk.index, shrunk.time_s, yuv)


def _angle(cut: Cut) -> Boundary:
    return Boundary(cut.frame, cut.time_s, Cause.ANGLE, cut.blend)
