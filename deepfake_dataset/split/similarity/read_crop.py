"""Reads a face crop and checks that it still is the file that was recorded."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import StorageError, UnavailableError
from deepfake_dataset.storage.base import Storage

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class UnusableCrop:
    """A crop that nothing can be computed of."""

    crop: str
    """Its key in the dataset's storage."""
    problem: str


def read_verified_crop(storage: Storage, crop: str, sha256: str) -> Image | UnusableCrop:
    """The crop as RGB (h, w, 3), if it still is the file that was recorded.

    Raises UnavailableError where the storage does not answer.
    """
    try:
        data = storage.get(crop)
    except UnavailableError:
        raise
    except StorageError as error:
        return UnusableCrop(crop, error.reason)
    if hashlib.sha256(data).hexdigest() != sha256:
        return UnusableCrop(crop, "is not the file that was recorded")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return UnusableCrop(crop, "is no picture") if image is None else np.asarray(image, np.uint8)
