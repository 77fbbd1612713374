"""The light on a shot: its strength, its colour, its contrast, and how they change."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from deepfake_dataset.demo.photos import Image


@dataclass(frozen=True, slots=True)
class Light:
    """What a light makes of a photograph: ``(gain · value) ** gamma``, values in [0, 1]."""

    name: str
    red: float = 1.0
    """Gain of the red channel."""
    green: float = 1.0
    blue: float = 1.0
    gamma: float = 1.0
    """Above 1 the shadows deepen."""

    def towards(self, other: Self, share: float) -> Self:
        """Give the light at ``share`` (0 to 1) of a change to another, even to the eye."""
        mixed = (
            mine ** (1 - share) * theirs**share
            for mine, theirs in zip(self._factors(), other._factors(), strict=True)
        )
        return type(self)(other.name, *mixed)

    def _factors(self) -> tuple[float, float, float, float]:
        return self.red, self.green, self.blue, self.gamma

    def shine(self, image: Image) -> Image:
        """Show a picture under this light."""
        values = np.arange(256)[:, None] / 255 * [self.red, self.green, self.blue]
        table = np.rint(255 * np.clip(values, 0, 1) ** self.gamma).astype(np.uint8)
        return np.asarray(cv2.LUT(image, table[None]), np.uint8)


STUDIO = Light("studio")
DIM = Light("dim", 0.55, 0.55, 0.55)
"""Nearly a stop less: a lamp goes out."""
HARSH = Light("harsh", gamma=1.7)
"""Deep shadows: the fill light goes out."""
WARM = Light("warm", 1.12, 0.92, 0.62)
"""From daylight to a bulb."""
COOL = Light("cool", 0.68, 0.86, 1.12)
"""From a bulb to the blue hour."""


@dataclass(frozen=True, slots=True)
class LightingChange:
    """One change within a shot."""

    frame: int
    """First frame of the shot that is lit otherwise."""
    to: Light
    over: int = 0
    """Frames from the first one that is lit otherwise to the first one that has the new light
    in full; 0 is a switch that is thrown."""

    @property
    def settled(self) -> int:
        """First frame of the shot that has the new light in full."""
        return self.frame + self.over


def light_at(frame: int, first: Light, change: LightingChange | None) -> Light:
    """Give the light on a frame of a shot, counted from the shot's first."""
    if change is None or frame < change.frame:
        return first
    share = (frame - change.frame + 1) / (change.over + 1)
    return first.towards(change.to, min(1.0, share))
