"""Augments a face for training: turned, relit, shrunk, compressed, or forged on the spot.

Everything is drawn from one generator, so that an image's augmentation depends on nothing but
its seed. Images are uint8 RGB of (height, width, 3), or luma of (height, width).
"""

import math
from functools import cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.grey_levelled_input import GREY, level_luma
from deepfake_dataset.baseline.data.resize_faces import resize_to_model
from deepfake_dataset.baseline.training.recipes import Recipe

Image = NDArray[np.uint8]
_LARGEST = 1.25
"""Of the network's side, where sizes are drawn: crops are larger than it as well as smaller."""
_NOISE_SAMPLES = 1 << 21
"""Kept, of which each image gets a stretch: drawing 200,000 new ones takes longer than all the rest
of its augmentation."""


def augment(image: Image, size_px: int, recipe: Recipe, rng: np.random.Generator) -> Image:
    """The image at (size_px, size_px), changed as the recipe asks."""
    image = _resized(image, *_working_size(size_px, recipe, rng), recipe, rng)
    image = _recoloured(image, recipe, rng)
    image = _resharpened(image, recipe, rng)
    image = _noisy(image, recipe, rng)
    image = _compressed(image, recipe, rng)
    image = _warped(image, size_px, recipe, rng)
    return level_luma(image) if recipe.levelled else image


def _working_size(size_px: int, recipe: Recipe, rng: np.random.Generator) -> tuple[int, int]:
    if not recipe.smallest_px:
        return size_px, size_px
    smallest, largest = min(recipe.smallest_px, size_px), _LARGEST * size_px
    side = round(math.exp(rng.uniform(math.log(smallest), math.log(largest))))
    return side, side


def _resized(
    image: Image, width: int, height: int, recipe: Recipe, rng: np.random.Generator
) -> Image:
    if recipe.resize == "nearest" or rng.random() < recipe.nearest:
        return resize_to_model(image, width, height, nearest=True)
    return _shrunk_quickly(image, width, height)


def _shrunk_quickly(image: Image, width: int, height: int) -> Image:
    """Halved by averaging as often as can be, the rest of the way linear.

    Averaging over fractions of pixels takes five times as long, and hardly looks different.
    """
    while image.shape[0] >= 2 * height and image.shape[1] >= 2 * width:
        half = image.shape[1] // 2, image.shape[0] // 2
        even = image[: 2 * half[1], : 2 * half[0]]
        image = cast(Image, cv2.resize(even, half, interpolation=cv2.INTER_AREA))
    if image.shape[:2] == (height, width):
        return image
    return cast(Image, cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR))


def _recoloured(image: Image, recipe: Recipe, rng: np.random.Generator) -> Image:
    image = _lookup(image, recipe, rng)
    if image.ndim == 2 or not (recipe.hue_deg or recipe.saturation or recipe.grey):
        return image
    turn = math.radians(rng.uniform(-recipe.hue_deg, recipe.hue_deg))
    strength = 1 + rng.uniform(-recipe.saturation, recipe.saturation)
    strength *= rng.random() >= recipe.grey
    matrix = strength * _hue_turn(turn)
    matrix = matrix @ (np.eye(3) - np.outer(np.ones(3), GREY)) + np.outer(np.ones(3), GREY)
    return cast(Image, cv2.transform(image, matrix.astype(np.float32)))


def _hue_turn(angle: float) -> NDArray[np.float64]:
    """Rotation about the grey axis."""
    c, s = math.cos(angle), math.sin(angle)
    axis = np.full((3, 3), 1 / 3)
    cross = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return c * np.eye(3) + (1 - c) * axis + s * cross


def _lookup(image: Image, recipe: Recipe, rng: np.random.Generator) -> Image:
    """Gamma, contrast, brightness and shift as one table of 256 values."""
    level = np.arange(256) / 255
    bound = math.log(1 + recipe.gamma)
    level = level ** math.exp(rng.uniform(-bound, bound))
    level = (level - 0.5) * (1 + rng.uniform(-recipe.contrast, recipe.contrast)) + 0.5
    level = level * (1 + rng.uniform(-recipe.brightness, recipe.brightness))
    level = level + rng.uniform(-recipe.channel_shift, recipe.channel_shift) / 255
    table = np.clip(level * 255 + 0.5, 0, 255).astype(np.uint8)
    return cast(Image, cv2.LUT(image.reshape(len(image), -1), table).reshape(image.shape))


def _resharpened(image: Image, recipe: Recipe, rng: np.random.Generator) -> Image:
    draw, amount = rng.random(), rng.random()
    if recipe.blur and draw < 0.3:
        return cast(Image, cv2.GaussianBlur(image, (0, 0), max(0.2, amount * recipe.blur)))
    if recipe.sharpen and draw > 0.8:
        soft = cv2.GaussianBlur(image, (0, 0), 1.0)
        return cast(
            Image,
            cv2.addWeighted(image, 1 + amount * recipe.sharpen, soft, -amount * recipe.sharpen, 0),
        )
    return image


def _noisy(image: Image, recipe: Recipe, rng: np.random.Generator) -> Image:
    if not recipe.noise or rng.random() > 0.3:
        return image
    spread, samples = np.float32(rng.uniform(0, recipe.noise)), _noise()
    start = rng.integers(max(1, samples.size - image.size))
    noise = np.resize(samples[start : start + image.size], image.shape)
    return cast(Image, cv2.add(image, noise * spread, dtype=cv2.CV_8U))


@cache
def _noise() -> NDArray[np.float32]:
    """Normally distributed about 0 with a standard deviation of 1."""
    return np.random.default_rng(0).standard_normal(_NOISE_SAMPLES, dtype=np.float32)


def _compressed(image: Image, recipe: Recipe, rng: np.random.Generator) -> Image:
    if rng.random() >= recipe.jpeg:
        return image
    quality = int(rng.integers(recipe.worst_quality, 96))
    how = cv2.IMREAD_GRAYSCALE
    if image.ndim == 3:
        image, how = cast(Image, cv2.cvtColor(image, cv2.COLOR_RGB2BGR)), cv2.IMREAD_COLOR_RGB
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cast(Image, cv2.imdecode(data, how))


def _warped(image: Image, size_px: int, recipe: Recipe, rng: np.random.Generator) -> Image:
    """Zoomed, turned, shifted and flipped; beyond the edge its last pixels are repeated."""
    zoom_x, zoom_y = (1 + rng.uniform(-recipe.zoom, recipe.zoom, size=2)).tolist()
    zoom_y = zoom_y if recipe.zoom_apart else zoom_x
    angle = math.radians(rng.uniform(-recipe.rotate_deg, recipe.rotate_deg))
    dx, dy = (rng.uniform(-recipe.shift, recipe.shift, size=2) * size_px).tolist()
    mirror = -1.0 if recipe.flip and rng.random() < 0.5 else 1.0
    (height, width), half = image.shape[:2], (size_px - 1) / 2
    scale = height / size_px
    across = math.cos(angle) * zoom_x * mirror * scale, math.sin(angle) * zoom_x * mirror * scale
    down = -math.sin(angle) * zoom_y * scale, math.cos(angle) * zoom_y * scale
    x = (width - 1) / 2 + dx * scale - (across[0] + down[0]) * half
    y = (height - 1) / 2 + dy * scale - (across[1] + down[1]) * half
    matrix = np.array([[across[0], down[0], x], [across[1], down[1], y]])
    if image.shape[:2] == (size_px, size_px) and np.array_equal(matrix, np.eye(2, 3)):
        return image
    how = cv2.INTER_NEAREST if rng.random() < recipe.nearest else cv2.INTER_LINEAR
    return cast(
        Image,
        cv2.warpAffine(
            image,
            matrix,
            (size_px, size_px),
            flags=how | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
    )
