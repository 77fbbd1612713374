"""A decoded frame, and windows of it in luma or RGB, in pixels as they are shown.

A whole picture is never converted. What is asked for is cut out of the decoder's
own planes, and only that is scaled, turned and coloured.
"""

from dataclasses import dataclass, field
from functools import cached_property

import av
import cv2
import numpy as np

from deepfake_dataset.records import Box
from deepfake_dataset.video import colour
from deepfake_dataset.video.geometry import FrameGeometry, frame_geometry, turn_box, turn_box_back
from deepfake_dataset.video.resampling import Image as Image
from deepfake_dataset.video.resampling import shrunk_to, smoothed_for, thumbnail_plane

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# Pixels of luma and of chroma, across and down, that a pixel of a thumbnail is made of.
_SAMPLES = (2, 1, 1)


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

    def from_frame(self, box: Box) -> Box:
        """A box in the frame's pixels, as one in the patch's."""
        return Box(
            (box.left - self.left) * self.scale_x,
            (box.top - self.top) * self.scale_y,
            (box.right - self.left) * self.scale_x,
            (box.bottom - self.top) * self.scale_y,
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
        return self._geometry.shown[0]

    @property
    def height(self) -> int:
        """Height as shown, in square pixels."""
        return self._geometry.shown[1]

    @property
    def whole(self) -> Box:
        """The frame's own rectangle."""
        return Box(0, 0, self.width, self.height)

    @property
    def nbytes(self) -> int:
        """Memory that the picture's planes hold, padding aside."""
        picture = self.picture
        return -(-picture.width * picture.height * picture.format.bits_per_pixel // 8)

    def luma(self, window: Box, scale: float = 1.0) -> Patch:
        """Luma of a window, shrunk or enlarged; the part outside the frame is left off.

        The window must touch the frame.
        """
        return self._patch(window, scale, [self._planes[0]])

    def rgb(self, window: Box, scale: float = 1.0) -> Patch:
        """RGB of a window, shrunk or enlarged; the part outside the frame is left off."""
        patch = self._patch(window, scale, self._planes)
        return Patch(
            self.colours(patch.pixels), patch.left, patch.top, patch.scale_x, patch.scale_y
        )

    def planes(self, window: Box, scale: float = 1.0) -> tuple[Patch, Patch, Patch]:
        """Y, U and V of a window, smoothed where they have more pixels than at ``scale``.

        To be read at that scale without aliasing. Where a plane has not more, what the decoder
        has of it is there as it is. The part outside the frame is left off.
        """
        cut = self._stored_cut(window)
        parts = [_cut(plane, self._planes[0], cut) for plane in self._planes]
        size = self._scaled(cut, scale)
        y, u, v = (self._shown(smoothed_for(part, size), cut) for part in parts)
        return y, u, v

    def colours(self, yuv: Image) -> Image:
        """RGB from 4:4:4 YUV of this frame, both of shape (h, w, 3)."""
        return colour.to_rgb(yuv, self._matrix, self._full_range)

    def thumbnail(self, long_side: int = 80) -> Image:
        """The whole frame as full-range YUV 4:4:4, (h, w, 3), its longer side ``long_side``."""
        width, height = self._geometry.shown
        scale = long_side / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        stored = size if self.turns % 2 == 0 else size[::-1]
        parts = [
            thumbnail_plane(plane, stored, by)
            for plane, by in zip(self._planes, _SAMPLES, strict=True)
        ]
        yuv = np.asarray(cv2.merge(parts), dtype=np.uint8)
        if not self._full_range:
            yuv = colour.to_full_range(yuv)
        return np.ascontiguousarray(np.rot90(yuv, -self.turns)) if self.turns else yuv

    @cached_property
    def _planes(self) -> list[Image]:
        """Y, U and V in place, without padding; chroma may be smaller than luma."""
        return [
            np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[
                : plane.height, : plane.width
            ][:: self._geometry.rows]
            for plane in self.picture.planes[:3]
        ]

    @cached_property
    def _geometry(self) -> FrameGeometry:
        picture = self.picture
        interlaced = bool(picture.interlaced_frame)
        return frame_geometry(picture.width, picture.height, interlaced, self.turns, self.aspect)

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
        size = self._scaled(cut, scale)
        parts = [shrunk_to(_cut(plane, planes[0], cut), size) for plane in planes]
        return self._shown(np.asarray(parts[0] if len(parts) == 1 else cv2.merge(parts)), cut)

    def _shown(self, pixels: Image, cut: tuple[int, int, int, int]) -> Patch:
        """The pixels of a cut, upright, and where they lie."""
        if self.turns:
            pixels = np.ascontiguousarray(np.rot90(pixels, -self.turns))
        shown = self._shown_box(cut)
        return Patch(
            pixels,
            shown.left,
            shown.top,
            pixels.shape[1] / shown.width,
            pixels.shape[0] / shown.height,
        )

    def _stored_cut(self, window: Box) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in stored pixels, clipped, on even positions.

        Even positions keep subsampled chroma aligned with luma.
        """
        upright = turn_box_back(window, self.turns, self._geometry.shown)
        across, down = self._geometry.stretch
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

    def _scaled(self, cut: tuple[int, int, int, int], scale: float) -> tuple[int, int]:
        """Width and height of a cut in square pixels, shrunk or enlarged, before turning."""
        across, down = self._geometry.stretch
        width, height = (cut[2] - cut[0]) * across, (cut[3] - cut[1]) * down
        return max(1, round(width * scale)), max(1, round(height * scale))

    def _shown_box(self, cut: tuple[int, int, int, int]) -> Box:
        across, down = self._geometry.stretch
        left, top, right, bottom = cut
        upright = Box(left * across, top * down, right * across, bottom * down)
        return turn_box(upright, self.turns, self._geometry.upright)


def _cut(plane: Image, luma: Image, cut: tuple[int, int, int, int]) -> Image:
    """The part of a plane that lies under a cut given in luma pixels."""
    down = -(-luma.shape[0] // plane.shape[0])
    across = -(-luma.shape[1] // plane.shape[1])
    left, top, right, bottom = cut
    return plane[top // down : -(-bottom // down), left // across : -(-right // across)]
