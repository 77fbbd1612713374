"""One decoded picture, seen as it is shown: windows of luma or RGB, turned and unsqueezed.

A whole picture is never converted. What is asked for is cut out of the decoder's
own planes, and only that is scaled, turned and coloured.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.records import Box
from deepfake_dataset.video import colour

Image = NDArray[np.uint8]

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# Pixels of luma and of chroma, across and down, that a pixel of a thumbnail is made of.
_SAMPLES = (2, 1, 1)
# Blur before one pixel in r is read, over the square root of r² - 1: less aliases, more blurs.
# Photographs come nearest to ideal crops with .38 to .42 (benchmarks/shrink.py).
_BLUR = 0.42
# From this ratio on halving is as good as a wide blur, and costs less.
_HALVED_FROM = 2.5
# A narrower blur changes no level.
_LEAST_BLUR = 0.25


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
        y, u, v = (self._shown(_smoothed(part, size), cut) for part in parts)
        return y, u, v

    def colours(self, yuv: Image) -> Image:
        """RGB from 4:4:4 YUV of this frame, both of shape (h, w, 3)."""
        return colour.to_rgb(yuv, self._matrix, self._full_range)

    def small(self, long_side: int = 80) -> Image:
        """The whole frame as full-range YUV 4:4:4, (h, w, 3), its longer side ``long_side``."""
        width, height = self._geometry.shown
        scale = long_side / max(width, height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        stored = size if self.turns % 2 == 0 else size[::-1]
        parts = [
            _thumbnail(plane, stored, by) for plane, by in zip(self._planes, _SAMPLES, strict=True)
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
    def _geometry(self) -> "_Geometry":
        picture = self.picture
        interlaced = bool(picture.interlaced_frame)
        return _geometry(picture.width, picture.height, interlaced, self.turns, self.aspect)

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
        parts = [_reduced(_cut(plane, planes[0], cut), size) for plane in planes]
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
        upright = _turn_back(window, self.turns, self._geometry.shown)
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
        return _turn(upright, self.turns, self._geometry.upright)


@dataclass(frozen=True, slots=True)
class _Geometry:
    """How stored pixels lie in the picture as it is shown."""

    rows: int
    """Lines from one used line to the next: one field of an interlaced picture is kept.

    Two fields are two moments; woven together they comb wherever something moves.
    """
    stretch: tuple[float, float]
    """Shown pixels a stored one, across and down, before turning; never below one."""
    upright: tuple[int, int]
    """Width and height in square pixels, before turning."""
    shown: tuple[int, int]
    """Width and height as shown."""


@lru_cache(maxsize=64)
def _geometry(width: int, height: int, interlaced: bool, turns: int, aspect: float) -> _Geometry:
    """The same for every frame of nearly every stream: worked out once."""
    rows = 2 if interlaced and height > 1 else 1
    across, down = max(1.0, aspect), max(1.0, 1 / aspect)
    upright = round(width * across), round(height * down)
    shown = upright if turns % 2 == 0 else (upright[1], upright[0])
    return _Geometry(rows, (across, down * rows), upright, shown)


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


def _smoothed(part: Image, size: tuple[int, int]) -> Image:
    """Halved while it is much larger, then blurred by what is left: to be read at this size.

    Nearer to the ideal crop than averaging to the size first, which interpolates twice, and in
    half of the time or less.
    """
    part = _halved(part, size, _HALVED_FROM)
    across, down = _blur(part.shape[1] / size[0]), _blur(part.shape[0] / size[1])
    if max(across, down) <= _LEAST_BLUR:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), across, sigmaY=down))


def _blur(ratio: float) -> float:
    """Standard deviation of what keeps pixels from aliasing when one in ``ratio`` is read."""
    return max(_LEAST_BLUR, _BLUR * math.sqrt(max(0.0, ratio**2 - 1)))


def _reduced(part: Image, size: tuple[int, int]) -> Image:
    """Halved by averaging while it is twice as large, then interpolated.

    Enough for finding faces and their points, in a third of the time of averaging over fractions
    of pixels.
    """
    part = _halved(part, size, 2)
    if (part.shape[1], part.shape[0]) == size:
        return np.ascontiguousarray(part)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_LINEAR))


def _halved(part: Image, size: tuple[int, int], times: float) -> Image:
    """Halved by averaging while it is so many times as large as a size."""
    while part.shape[1] >= times * size[0] and part.shape[0] >= times * size[1]:
        half = -(-part.shape[1] // 2), -(-part.shape[0] // 2)
        part = np.asarray(cv2.resize(part, half, interpolation=cv2.INTER_AREA))
    return part


def _thumbnail(plane: Image, size: tuple[int, int], by: int) -> Image:
    """A plane at thumbnail size, from at least ``by`` × ``by`` of its pixels for each.

    Averaging every pixel of a 1080p picture costs 0.5 ms, mostly for fetching it from memory; to
    tell one shot or one light from another the difference does not show.
    """
    across, down = (
        max(1, side // (by * wanted)) for side, wanted in zip(plane.shape[::-1], size, strict=True)
    )
    samples = np.ascontiguousarray(plane[down // 2 :: down, across // 2 :: across])
    return np.asarray(cv2.resize(samples, size, interpolation=cv2.INTER_LINEAR))
