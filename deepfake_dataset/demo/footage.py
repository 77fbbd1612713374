"""Frames of a take: each view exposed, laid side by side, lit, and given a sensor's noise."""

import zlib
from collections.abc import Iterator, Mapping

import cv2
import numpy as np

from deepfake_dataset.demo.camera import Hand, expose
from deepfake_dataset.demo.lighting import light_at
from deepfake_dataset.demo.photos import Image, Photo
from deepfake_dataset.demo.script import FPS, Shot, Take


class Grain:
    """The noise of a small camera's sensor.

    One field of Gaussian noise is drawn and laid over each frame at another offset: as good
    as fresh noise to a detector, and far cheaper.
    """

    _SIGMA = 2.0
    """In grey levels: what a phone's camera shows indoors."""
    _SLACK = 64
    """Room for the offset, in pixels each way."""

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self._rng = rng
        self._width, self._height = size
        shape = (self._height + self._SLACK, self._width + self._SLACK, 3)
        noise = rng.standard_normal(shape, np.float32) * np.float32(self._SIGMA)
        self._field = np.rint(noise).astype(np.int16)

    def cover(self, image: Image) -> Image:
        """Lay noise on a picture."""
        y, x = self._rng.integers(0, self._SLACK, 2)
        noise = self._field[y : y + self._height, x : x + self._width]
        return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


def frames(take: Take, photos: Mapping[Photo, Image]) -> Iterator[Image]:
    """Film a take, frame by frame; the same for the same take and photographs.

    Hand and noise depend on the take's name alone: a pseudo-fake is its original, forged.
    """
    rng = np.random.default_rng(zlib.crc32(take.name.encode()))
    grain = Grain(rng, (take.width, take.height))
    for shot in take.shots:
        hands = [Hand(rng) for _ in shot.views]
        for frame in range(shot.frames):
            light = light_at(frame, shot.light, shot.change)
            yield grain.cover(light.shine(_picture(take, shot, frame, hands, photos)))


def _picture(
    take: Take, shot: Shot, frame: int, hands: list[Hand], photos: Mapping[Photo, Image]
) -> Image:
    size = take.width // len(shot.views), take.height
    share = frame / (shot.frames - 1)
    tiles = [
        expose(
            photos[view.photo],
            hand.hold(view.move.at(share), frame / FPS),
            size,
            mirrored=view.move.mirrored,
        )
        for view, hand in zip(shot.views, hands, strict=True)
    ]
    return np.hstack(tiles)
