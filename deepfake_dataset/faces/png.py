"""A crop as PNG: lossless, the same encoding for every class, the same bytes on every machine."""

import fpng
import numpy as np

from deepfake_dataset.video.frame import Image


def encode(crop: Image) -> bytes:
    """PNG of RGB (h, w, 3)."""
    return bytes(fpng.from_ndarray(np.ascontiguousarray(crop)))
