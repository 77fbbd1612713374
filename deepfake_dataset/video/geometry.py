"""Rotation and sample aspect ratio: how stored pixels lie in the picture as it is shown."""

from dataclasses import dataclass
from functools import lru_cache

from deepfake_dataset.records import Box
from deepfake_dataset.video.deinterlacing import line_step


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """How stored pixels lie in the picture as it is shown."""

    rows: int
    """Lines from one used line to the next: 2 where one field is kept, else 1."""
    stretch: tuple[float, float]
    """Shown pixels a stored one, across and down, before turning; never below one."""
    upright: tuple[int, int]
    """Width and height in square pixels, before turning."""
    shown: tuple[int, int]
    """Width and height as shown."""


@lru_cache(maxsize=64)
def frame_geometry(
    width: int, height: int, interlaced: bool, turns: int, aspect: float
) -> FrameGeometry:
    """The same for every frame of nearly every stream: worked out once."""
    rows = line_step(interlaced, height)
    across, down = max(1.0, aspect), max(1.0, 1 / aspect)
    upright = round(width * across), round(height * down)
    shown = upright if turns % 2 == 0 else (upright[1], upright[0])
    return FrameGeometry(rows, (across, down * rows), upright, shown)


def turn_box(box: Box, turns: int, size: tuple[int, int]) -> Box:
    """The box after the picture of ``size`` was turned clockwise by quarters."""
    for _ in range(turns):
        box = Box(size[1] - box.bottom, box.left, size[1] - box.top, box.right)
        size = size[1], size[0]
    return box


def turn_box_back(box: Box, turns: int, size: tuple[int, int]) -> Box:
    """Undo :func:`turn_box`; ``size`` is that of the turned picture."""
    return turn_box(box, -turns % 4, size)
