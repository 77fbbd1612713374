"""Prepares a face as a model's input: its size, and evened-out light where the recipe says so.

Images are uint8 RGB of (height, width, 3), or luma of (height, width).
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

GREY = (0.299, 0.587, 0.114)
"""Luma of BT.601."""
MEAN, CONTRAST = 115, 50
"""Levels of 255 that a levelled face's middle is brought to. Chosen, not measured: a little more of
both than faces have as they are (105 and 36 in the mean over MesoNet's)."""
NOISE = 8
"""Contrast below this is not stretched: it is noise."""


def levelled(luma: Image) -> Image:
    """Luma whose middle, which the face fills, has a set mean and contrast.

    Light and exposure differ from set to set, and often between the classes of a set.
    """
    height, width = luma.shape
    middle = luma[height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)]
    mean, spread = (float(found[0, 0]) for found in cv2.meanStdDev(middle))
    level = (np.arange(256) - mean) * (CONTRAST / (spread + NOISE)) + MEAN
    return cast(Image, cv2.LUT(luma, np.clip(level + 0.5, 0, 255).astype(np.uint8)))


def resize_to_model(image: Image, width: int, height: int, *, nearest: bool) -> Image:
    """The image at that size: ``nearest``, or averaged where shrunk, else linear."""
    if image.shape[:2] == (height, width):
        return image
    if nearest:
        return _nearest(image, width, height)
    shrinks = width < image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(Image, cv2.resize(image, (width, height), interpolation=how))


def _nearest(image: Image, width: int, height: int) -> Image:
    """Pixel centres meet pixel centres, as in Pillow; OpenCV's own is half a pixel off."""
    rows = ((np.arange(height) + 0.5) * image.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * image.shape[1] / width).astype(int)
    return cast(Image, image.take(rows, axis=0).take(columns, axis=1))
