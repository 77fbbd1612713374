"""Reads the files of crops, and says which one is missing or damaged."""

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import MissingCropError, StorageError, UnavailableError


def read_crop(dataset: Dataset, key: str) -> bytes:
    """The PNG under a key of the dataset. Raises :class:`MissingCropError`."""
    try:
        data, why = dataset.storage.get(key), "it is empty"
    except UnavailableError:
        raise
    except StorageError as error:
        data, why = b"", error.reason
    if not data:
        place = dataset.storage.location(key)
        raise MissingCropError(f"{place} cannot be read: {why}", "extract its video again")
    return data


def decode_crop(dataset: Dataset, key: str) -> NDArray[np.uint8]:
    """The picture under a key of the dataset, BGR (n, n, 3). Raises :class:`MissingCropError`."""
    data = np.frombuffer(read_crop(dataset, key), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        place = dataset.storage.location(key)
        raise MissingCropError(f"{place} is no picture", "extract its video again")
    return np.asarray(picture, dtype=np.uint8)
