"""Faces in grey at one brightness and contrast, where a recipe has ``level_luma``.

``network/preprocessing_layers.py`` does the same inside a saved model.
"""

from typing import cast

import cv2
import numpy as np

from deepfake_dataset.baseline.data.resize_faces import Image

GREY = (0.299, 0.587, 0.114)
"""Luma of BT.601."""
MEAN, CONTRAST = 115, 50
"""Levels of 255 that a levelled face's middle is brought to. Chosen, not measured: a little more of
both than faces have as they are (105 and 36 in the mean over MesoNet's)."""
NOISE = 8
"""Contrast below this is not stretched: it is noise."""


def level_luma(luma: Image) -> Image:
    """Luma whose middle, which the face fills, has a set mean and contrast.

    Light and exposure differ from set to set, and often between the classes of a set.
    """
    height, width = luma.shape
    middle = luma[height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)]
    mean, spread = (float(found[0, 0]) for found in cv2.meanStdDev(middle))
    level = (np.arange(256) - mean) * (CONTRAST / (spread + NOISE)) + MEAN
    return cast(Image, cv2.LUT(luma, np.clip(level + 0.5, 0, 255).astype(np.uint8)))
