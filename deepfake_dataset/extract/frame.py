"""One decoded picture, seen as it is shown: windows of luma or RGB, turned and unsqueezed.

A whole picture is never converted. What is asked for is cut out of the decoder's
own planes, and only that is scaled, turned and coloured.
"""

from dataclasses import dataclass, field
from functools import cached_property

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.extract import colour
from deepfake_dataset.records import Box

Image = NDArray[np.uint8]

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Pixels of a part of a frame, and where in the frame they lie."""

    pixels: Image
    """(h, w) luma or (h, w, 3) RGB."""
    left: float
    top: float
    scale_x: float
    """Pixels of the patch a pixel of the frame."""
    scale_y: float

    def to_frame(self, box: Box) -> Box:
        """A box in the patch's pixels, as one in the frame's."""
        return Box(
            self.left + box.left / self.scale_x,
            self.top + box.top / self.scale_y,
            self.left + box.right / self.scale_x,
            self.top + box.bottom / self.scale_y,
        )


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded picture of 8-bit planar YUV, addressed in pixels as they are shown."""

    index: int
    """Position among the frames decoded, from 0."""
    pts: int
    time_s: float
    frame_type: str
    """I, P, B or ?."""
    picture: av.VideoFrame = field(repr=False)
    turns: int = 0
    """Quarter turns clockwise that show the picture upright."""
    aspect: float = 1.0
    """Width of a stored pixel over its height."""

    @property
    def width(self) -> int:
        """Width as shown, in square pixels."""
        return self._shown_size[0]

    @property
    def height(self) -> int:
        """Height as shown, in square pixels."""
        return self._shown_size[1]

    @property
    def whole(self) -> Box:
        """The frame's own rectangle."""
        return Box(0, 0, self.width, self.height)

    @property
    def nbytes(self) -> int:
        """Memory that the picture's planes hold."""
        return sum(plane.buffer_size for plane in self.picture.planes)

    def luma(self, window: Box, scale: float = 1.0) -> Patch:
        """Luma of a window, shrunk or enlarged; the part outside the frame is left off.

        The window must touch the frame.
        """
        return self._patch(window, scale, [self._planes[0]])

    def rgb(self, window: Box, scale: float = 1.0) -> Patch:
        """RGB of a window, shrunk or enlarged; the part outside the frame is left off."""
        patch = self._patch(window, scale, self._planes)
        rgb = colour.to_rgb(patch.pixels, self._matrix, self._full_range)
        return Patch(rgb, patch.left, patch.top, patch.scale_x, patch.scale_y)

    def small(self, long_side: int = 80) -> Image:
        """The whole frame as full-range YUV 4:4:4, (h, w, 3), its longer side ``long_side``."""
        width, height = self._shown_size
        scale = long_side / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        stored = size if self.turns % 2 == 0 else size[::-1]
        luma, *chroma = self._planes
        parts = [_thumbnail(luma, stored, 4), *(_thumbnail(part, stored, 2) for part in chroma)]
        yuv = np.asarray(cv2.merge(parts), dtype=np.uint8)
        shown = np.ascontiguousarray(np.rot90(yuv, -self.turns)) if self.turns else yuv
        return shown if self._full_range else colour.to_full_range(shown)

    @cached_property
    def _rows(self) -> int:
        """Lines from one used line to the next: one field of an interlaced picture is kept.

        Two fields are two moments; woven together they comb wherever something moves.
        """
        return 2 if self.picture.interlaced_frame and self.picture.height > 1 else 1

    @cached_property
    def _planes(self) -> list[Image]:
        """Y, U and V in place, without padding; chroma may be smaller than luma."""
        return [
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
                : plane.height, : plane.width
            ][:: self._rows]
            for plane in self.picture.planes[:3]
        ]

    @cached_property
    def _stretch(self) -> tuple[float, float]:
        """Shown pixels a stored one, across and down, before turning; never below one."""
        across = max(1.0, self.aspect)
        down = max(1.0, 1 / self.aspect) * self._rows
        return across, down

    @cached_property
    def _upright_size(self) -> tuple[int, int]:
        """Width and height in square pixels, before turning."""
        across, _ = self._stretch
        down = max(1.0, 1 / self.aspect)
        return round(self.picture.width * across), round(self.picture.height * down)

    @cached_property
    def _shown_size(self) -> tuple[int, int]:
        width, height = self._upright_size
        return (width, height) if self.turns % 2 == 0 else (height, width)

    @cached_property
    def _full_range(self) -> bool:
        return self.picture.color_range == _FULL_RANGE or self.picture.format.name.startswith(
            "yuvj"
        )

    @cached_property
    def _matrix(self) -> int:
        return colour.matrix_for(self.picture.colorspace, self.picture.height)

    def _patch(self, window: Box, scale: float, planes: list[Image]) -> Patch:
        cut = self._stored_cut(window)
        width, height = self._cut_size(cut)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        parts = [_resize(_cut(plane, planes[0], cut), size) for plane in planes]
        pixels = parts[0] if len(parts) == 1 else cv2.merge(parts)
        if self.turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, -self.turns))
        shown = self._shown_box(cut)
        return Patch(
            np.asarray(pixels),
            shown.left,
            shown.top,
            pixels.shape[1] / shown.width,
            pixels.shape[0] / shown.height,
        )

    def _stored_cut(self, window: Box) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in stored pixels, clipped, on even positions.

        Even positions keep subsampled chroma aligned with luma.
        """
        upright = _turn_back(window, self.turns, self._shown_size)
        across, down = self._stretch
        rows, columns = self._planes[0].shape
        left = int(np.floor(upright.left / across / 4)) * 4
        top = int(np.floor(upright.top / down / 4)) * 4
        right = int(np.ceil(upright.right / across / 4)) * 4
        bottom = int(np.ceil(upright.bottom / down / 4)) * 4
        return (
            min(max(0, left), columns - 1),
            min(max(0, top), rows - 1),
            max(1, min(columns, right)),
            max(1, min(rows, bottom)),
        )

    def _cut_size(self, cut: tuple[int, int, int, int]) -> tuple[float, float]:
        across, down = self._stretch
        return (cut[2] - cut[0]) * across, (cut[3] - cut[1]) * down

    def _shown_box(self, cut: tuple[int, int, int, int]) -> Box:
        across, down = self._stretch
        left, top, right, bottom = cut
        upright = Box(left * across, top * down, right * across, bottom * down)
        return _turn(upright, self.turns, self._upright_size)


def _turn(box: Box, turns: int, size: tuple[int, int]) -> Box:
    """The box after the picture of ``size`` was turned clockwise by quarters."""
    for _ in range(turns):
        box = Box(size[1] - box.bottom, box.left, size[1] - box.top, box.right)
        size = size[1], size[0]
    return box


def _turn_back(box: Box, turns: int, size: tuple[int, int]) -> Box:
    return _turn(box, -turns % 4, size)


def _cut(plane: Image, luma: Image, cut: tuple[int, int, int, int]) -> Image:
    """The part of a plane that lies under a cut given in luma pixels."""
    down = -(-luma.shape[0] // plane.shape[0])
    across = -(-luma.shape[1] // plane.shape[1])
    left, top, right, bottom = cut
    return plane[top // down : -(-bottom // down), left // across : -(-right // across)]


def _resize(part: Image, size: tuple[int, int]) -> Image:
    """Averages when shrinking, so that nothing aliases; interpolates when enlarging."""
    if (part.shape[1], part.shape[0]) == size:
        return np.ascontiguousarray(part)
    shrinks = size[0] < part.shape[1] or size[1] < part.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, size, interpolation=method))


def _thumbnail(plane: Image, size: tuple[int, int], samples: int) -> Image:
    """A plane at thumbnail size: the mean of a few samples, down and across, for each pixel.

    Averaging every pixel of a 1080p picture costs 0.5 ms, four by four samples 0.04; to tell
    one shot or one light from another the difference does not show.
    """
    across, down = (
        max(1, round(plane.shape[axis] / (samples * size[1 - axis]))) for axis in (1, 0)
    )
    return _resize(plane[::down, ::across], size)
