"""Converts YUV to RGB: the matrix and range that the stream names.

High dynamic range is kept plain: PQ and HLG are not tone-mapped, only their matrix
is undone, so that the pixels stay what the encoder saw.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

# Codes of ITU-T H.273, table 4 (matrix coefficients) and their luma weights (red, blue).
_BT709, _FCC, _BT470BG, _BT601, _SMPTE240, _BT2020, _BT2020_CONSTANT = 1, 4, 5, 6, 7, 9, 10
_LUMA_WEIGHTS = {
    _BT709: (0.2126, 0.0722),
    _FCC: (0.30, 0.11),
    _BT470BG: (0.299, 0.114),
    _BT601: (0.299, 0.114),
    _SMPTE240: (0.212, 0.087),
    _BT2020: (0.2627, 0.0593),
    _BT2020_CONSTANT: (0.2627, 0.0593),
}
# Where a stream does not say, players take BT.709 from this height on, BT.601 below.
_HD_HEIGHT = 720


def matrix_for(code: int, height: int) -> int:
    """The matrix code to use: the stream's own if it is known, else the one players assume."""
    if code in _LUMA_WEIGHTS:
        return code
    return _BT709 if height >= _HD_HEIGHT else _BT601


@cache
def _to_rgb_matrix(code: int, full_range: bool) -> NDArray[np.float32]:
    """3×4 affine matrix from 8-bit Y, U, V to R, G, B (ITU-T H.273, equations 41 to 46)."""
    red, blue = _LUMA_WEIGHTS[code]
    green = 1 - red - blue
    mix = np.array(
        [
            [1, 0, 2 * (1 - red)],
            [1, -2 * (1 - blue) * blue / green, -2 * (1 - red) * red / green],
            [1, 2 * (1 - blue), 0],
        ]
    )
    gain = np.ones(3) if full_range else 255 / np.array([219, 224, 224])
    black = np.array([0 if full_range else 16, 128, 128])
    scaled = mix * gain
    return np.column_stack([scaled, -scaled @ black]).astype(np.float32)


def to_rgb(yuv: NDArray[np.uint8], code: int, full_range: bool) -> NDArray[np.uint8]:
    """RGB of shape (h, w, 3) from 4:4:4 YUV of the same shape.

    ``code`` is one that :func:`matrix_for` gave.
    """
    return np.asarray(cv2.transform(yuv, _to_rgb_matrix(code, full_range)), dtype=np.uint8)


def to_full_range(yuv: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Limited-range YUV (h, w, 3) stretched so that black is 0, white is 255, grey stays 128."""
    return np.asarray(cv2.LUT(yuv, _range_tables()), dtype=np.uint8)


@cache
def _range_tables() -> NDArray[np.uint8]:
    """For every level what it becomes: (1, 256, 3)."""
    level = np.arange(256)
    luma = (level - 16) * 255 / 219
    chroma = (level - 128) * 255 / 224 + 128
    levels = np.stack([luma, chroma, chroma], axis=1)[None]
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)
