"""Resizes faces to the side that a network takes."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


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
