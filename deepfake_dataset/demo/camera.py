"""A virtual camera that films a photograph: it pans, zooms, turns, and is held by hand."""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.demo.photos import Image


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the camera looks: what part of the photograph fills the frame."""

    x: float
    """Centre of the frame, in pixels of the photograph."""
    y: float
    width: float
    """Width of the frame, in pixels of the photograph."""
    roll_deg: float = 0.0
    """Turn of the camera; positive is clockwise."""

    def towards(self, other: Self, share: float) -> Self:
        """Give the pose at ``share`` (0 to 1) of the way; the zoom is even to the eye."""
        return type(self)(
            self.x + (other.x - self.x) * share,
            self.y + (other.y - self.y) * share,
            self.width * (other.width / self.width) ** share,
            self.roll_deg + (other.roll_deg - self.roll_deg) * share,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """A camera's way through one shot."""

    start: Pose
    end: Pose
    mirrored: bool = False
    """The shot is shown mirrored, as if filmed from the other side."""

    def at(self, share: float) -> Pose:
        """Give the pose at ``share`` (0 to 1) of the shot; it starts and stops gently."""
        return self.start.towards(self.end, share * share * (3 - 2 * share))


class Hand:
    """The tremor of a hand that holds a camera.

    A sum of sines from a slow sway (0.4 Hz) to a quick tremor (3.1 Hz), none a multiple of
    another, each of an amplitude that falls with its frequency.
    """

    _FREQUENCIES_HZ = np.array([0.4, 0.97, 1.7, 3.1])
    _SWAY = 0.0025
    """Of the slowest sine, as a share of the frame's width."""
    _ROLL_DEG = 0.15

    def __init__(self, rng: np.random.Generator) -> None:
        self._phases = rng.uniform(0, 2 * math.pi, (3, len(self._FREQUENCIES_HZ)))

    def hold(self, pose: Pose, time_s: float) -> Pose:
        """Give the pose as it comes out when the camera aims at one."""
        sines = np.sin(2 * math.pi * self._FREQUENCIES_HZ * time_s + self._phases)
        right, down, turn = sines @ (self._FREQUENCIES_HZ[0] / self._FREQUENCIES_HZ)
        sway = self._SWAY * pose.width
        return Pose(
            pose.x + sway * right,
            pose.y + sway * down,
            pose.width,
            pose.roll_deg + self._ROLL_DEG * turn,
        )


def expose(photo: Image, pose: Pose, size: tuple[int, int], *, mirrored: bool = False) -> Image:
    """Take one frame of ``size`` (width, height): the part of the photograph in the pose.

    Bilinear: on photographs enlarged up to three times it looks like bicubic, at an eighth of
    the cost (1.6 ms against 12 ms at 640 × 360, one core). Where the photograph has more detail
    than the frame can carry, it is blurred first, so that nothing shimmers as the camera moves.
    """
    zoom = size[0] / pose.width
    shown = cv2.warpAffine(
        _soften(photo, zoom),
        to_frame(pose, size, mirrored=mirrored),
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(shown, np.uint8)


def to_frame(pose: Pose, size: tuple[int, int], *, mirrored: bool = False) -> NDArray[np.float64]:
    """Give the 2 × 3 matrix that takes a point of the photograph to its place in the frame."""
    width, height = size
    zoom = width / pose.width
    turn = math.radians(-pose.roll_deg)
    cos, sin = zoom * math.cos(turn), zoom * math.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]])
    if mirrored:
        linear[0] *= -1
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    shift = middle - linear @ np.array([pose.x, pose.y])
    return np.column_stack([linear, shift])


def _soften(photo: Image, zoom: float) -> Image:
    if zoom >= 1:
        return photo
    # A Gaussian of this width leaves, after shrinking, one of half a pixel: the blur of a lens.
    sigma = 0.5 * math.sqrt(1 / zoom**2 - 1)
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma), np.uint8)
