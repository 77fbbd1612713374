"""Reads an image file as pixels."""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.image_source import ImageSource
from deepfake_dataset.errors import ImagesError, MissingKeyError, StorageError, UnavailableError

Image = NDArray[np.uint8]


def read_image(source: ImageSource, path: str, *, grey: bool = False) -> Image:
    """Uint8 RGB of (height, width, 3), or luma of (height, width).

    Raises :class:`ImagesError` that names the image, and :class:`UnavailableError`.
    """
    how = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    problem, data = "cannot be read as an image", b""
    try:
        data = source.get(path)
    except UnavailableError:
        raise
    except MissingKeyError:
        problem = "is missing"
    except StorageError:
        pass
    image = cv2.imdecode(np.frombuffer(data, np.uint8), how) if data else None
    if image is None:
        place = source.location(path)
        raise ImagesError(f"{place} {problem}", "restore the file, or leave it out of the set")
    return cast(Image, image)
