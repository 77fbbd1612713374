"""A forged face made on the spot from a real one.

As an autoencoder's face swap of the kind that MesoNet was made for: the inside of the face comes
back at a lower resolution, in slightly other colours and a little out of place, and is blended
into the picture through a soft mask. After the idea of self-blended images (Shiohara and
Yamasaki 2022). Faces are aligned, so the mask is an ellipse about the middle of the crop.
"""

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


_MOST_PX = 320
"""Larger faces are shrunk to this first: no network here looks at more than 256 pixels."""


def self_blend(image: Image, rng: np.random.Generator) -> Image:
    """The same picture with its face replaced by a poorer copy of itself."""
    if max(image.shape[:2]) > _MOST_PX:
        small = cv2.resize(image, (_MOST_PX, _MOST_PX), interpolation=cv2.INTER_AREA)
        return self_blend(cast(Image, small), rng)
    inside = _coloured(_poorer(image, rng), rng)
    mask = _mask(image.shape[0], image.shape[1], rng)
    return cast(Image, cv2.blendLinear(inside, image, mask, 1 - mask))


def _poorer(image: Image, rng: np.random.Generator) -> Image:
    """Shrunk to what a small autoencoder gives (its face 64 pixels wide) and enlarged again."""
    height, width = image.shape[:2]
    side = math.exp(rng.uniform(math.log(40), math.log(130)))
    small = cv2.resize(image, (round(side), round(side)), interpolation=cv2.INTER_AREA)
    zoom = 1 + rng.uniform(-0.04, 0.04, size=2)
    shift = rng.uniform(-0.02, 0.02, size=2) * (width, height)
    scale = np.array([width, height]) / side * zoom
    # Pixel centres of the small picture on those of the large one, about the middle.
    offset = (np.array([width, height]) - 1) / 2 + shift - scale * (round(side) - 1) / 2
    matrix = np.array([[scale[0], 0, offset[0]], [0, scale[1], offset[1]]])
    how = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return cast(
        Image,
        cv2.warpAffine(small, matrix, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE),
    )


def _coloured(image: Image, rng: np.random.Generator) -> Image:
    gain = rng.uniform(0.9, 1.1) * rng.uniform(0.95, 1.05, size=3)
    offset = rng.uniform(-8, 8) + rng.uniform(-4, 4, size=3)
    levels = (np.arange(256)[:, None] * gain + offset)[:, : 1 if image.ndim == 2 else 3]
    return cast(Image, cv2.LUT(image, np.clip(levels, 0, 255).astype(np.uint8)[None]))


def _mask(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Opacity of the copy: an ellipse or a rounded square, its edge soft, drawn at 64 pixels."""
    place = np.arange(64, dtype=np.float32) / 63 - 0.5
    x0, y0 = rng.uniform(-0.03, 0.03), rng.uniform(-0.02, 0.08)
    half_width, half_height = rng.uniform(0.18, 0.3), rng.uniform(0.22, 0.36)
    power = rng.choice([2.0, 2.0, 6.0])
    across = np.abs((place - x0) / half_width) ** power
    down = np.abs((place - y0) / half_height) ** power
    distance = (across + down[:, None]) ** (1 / power)
    edge = rng.uniform(0.05, 0.5)
    mask = np.clip((1 + edge / 2 - distance) / edge, 0, 1) * rng.uniform(0.75, 1)
    return cast(NDArray[np.float32], cv2.resize(mask.astype(np.float32), (width, height)))
