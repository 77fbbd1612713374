"""Pseudo-fakes: a face blended into itself.

After K. Shiohara and T. Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022,
section 3: a slightly changed copy of a picture is the source, the picture itself the target,
and the face of one is blended into the other. That leaves what every face swap leaves (a
blending boundary, colours and sharpness that do not match, features a little out of place)
without another person. No one's likeness is put on another's body, so the result is called
a pseudo-fake, and its donor is the target. The paper changes source or target; here it is
always the source, so that a pseudo-fake differs from its original in the face alone.

How strong each change may be was chosen by eye: a person who looks twice sees the forgery.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.demo.photos import Image

BLEND_RATIOS = (0.75, 1.0, 1.0, 1.0)
"""Share of the source in the face, drawn evenly. The paper draws from ¼, ½, ¾, 1, 1 and 1; the
weaker two are left out, for they would hide the forgery from a person who looks at the demo."""


@dataclass(frozen=True, slots=True)
class Forgery:
    """A picture with a forged face, and where."""

    image: Image
    mask: NDArray[np.float32]
    """Height × width, share of the source in each pixel, in [0, 1]; 0 is the picture as it was."""


def make_pseudo_fake(image: Image, landmarks: NDArray[np.float64], seed: int) -> Forgery:
    """Forge the face that the landmarks (n × 2, x and y in pixels) outline.

    The same seed gives the same forgery. Outside the mask not a byte changes.
    """
    rng = np.random.default_rng(seed)
    face_px = float(np.ptp(landmarks, axis=0).max())
    source = _warp(_resolve(_recolour(image, rng), rng), landmarks.mean(axis=0), face_px, rng)
    mask = _mask(image.shape[:2], landmarks, face_px, rng)
    mask *= np.float32(rng.choice(BLEND_RATIOS))
    share = mask[..., None]
    blended = source.astype(np.float32) * share + image.astype(np.float32) * (1 - share)
    return Forgery(np.asarray(np.rint(blended), np.uint8), mask)


def _recolour(image: Image, rng: np.random.Generator) -> Image:
    """Shift channels, hue, saturation, brightness and contrast, as another camera would."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-2, 2)) % 180
    hsv[..., 1] *= _either(rng, 0.85, 1.15)
    toned = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    contrast, brightness = rng.uniform(0.9, 1.1), rng.uniform(-8, 8)
    shifted = (toned.astype(np.float32) - 128) * contrast + 128 + brightness
    shifted += rng.uniform(-6, 6, 3)
    return np.asarray(np.clip(np.rint(shifted), 0, 255), np.uint8)


def _resolve(image: Image, rng: np.random.Generator) -> Image:
    """Give the face another sharpness than its surroundings: coarser, or over-sharpened."""
    height, width = image.shape[:2]
    if rng.random() < 0.5:
        small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.asarray(coarse, np.uint8)
    smooth = cv2.GaussianBlur(image, (0, 0), 1.5)
    return np.asarray(cv2.addWeighted(image, 1.6, smooth, -0.6, 0), np.uint8)


def _warp(
    image: Image, centre: NDArray[np.float64], face_px: float, rng: np.random.Generator
) -> Image:
    """Shift and stretch the face by a few hundredths, and bend it a little."""
    height, width = image.shape[:2]
    scale = 1 + rng.uniform(-0.04, 0.04, 2)
    shift = rng.uniform(-0.02, 0.02, 2) * face_px
    bend = _wobble((height, width), 0.012 * face_px, rng)
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    from_x = (xs - centre[0] - shift[0]) / scale[0] + centre[0] + bend[0]
    from_y = (ys - centre[1] - shift[1]) / scale[1] + centre[1] + bend[1]
    warped = cv2.remap(
        image,
        from_x.astype(np.float32),
        from_y.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.uint8)


def _mask(
    shape: tuple[int, ...], landmarks: NDArray[np.float64], face_px: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Landmarks' hull with a wobbling edge, softened inwards only: it never leaves the face."""
    hull = cv2.convexHull(np.rint(landmarks).astype(np.int32))
    inside = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(inside, hull, 1.0)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    wobble = _wobble((shape[0], shape[1]), 0.03 * face_px, rng)[0]
    soft_px = rng.uniform(0.05, 0.10) * face_px
    share = np.clip((depth - np.abs(wobble)) / soft_px, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _wobble(
    size: tuple[int, int], amplitude: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Two smooth random fields (2 × height × width) of about the amplitude in pixels."""
    height, width = size
    coarse = rng.standard_normal((2, height // 32 + 2, width // 32 + 2), np.float32)
    fields = [cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) for field in coarse]
    return np.asarray(np.stack(fields) * amplitude, np.float32)


def _either(rng: np.random.Generator, low: float, high: float) -> float:
    """One of two, so that the change is never too small to matter."""
    return float(rng.choice([low, high]))
