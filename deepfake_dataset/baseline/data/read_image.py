"""Reads an image file as pixels."""

from contextlib import suppress
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import ImagesError

Image = NDArray[np.uint8]


def read_image(file: Path, *, grey: bool = False) -> Image:
    """Uint8 RGB of (height, width, 3), or luma of (height, width).

    Raises :class:`ImagesError` that names the file.
    """
    data, how = b"", cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    with suppress(OSError):
        data = file.read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    if image is None:
        problem = "cannot be read as an image" if file.exists() else "is missing"
        raise ImagesError(f"{file} {problem}", "restore the file, or leave it out of the set")
    return cast(Image, image)
