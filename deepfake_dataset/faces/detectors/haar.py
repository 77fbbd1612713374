"""Viola–Jones: a cascade of Haar features (Viola & Jones 2001), as OpenCV ships it."""

from pathlib import Path

import cv2
import numpy as np

from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image

# Windows that must agree; OpenCV's own default of 3 lets many false faces through.
_MIN_NEIGHBOURS = 5
# The cascade's box holds the whole face from hairline to chin; dlib's starts at the
# eyebrows. Median shift and ratio between the two where both find the face
# (benchmarks/align.py), over the cascade's side.
_DOWN = 0.067
_SHRINK = 0.894


class HaarDetector:
    """Kept for comparison with older work: finds small faces, and things that are none."""

    name = "haar"
    smallest_px = 60
    step = 1.1
    sure = 0.0
    costly = False
    rough = False
    coloured = False

    def __init__(self) -> None:
        folder = Path(cv2.data.haarcascades)  # type: ignore[attr-defined]
        self._cascade = cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))

    def find(self, image: Image, **_hints: int | None) -> list[Detection]:
        """Faces of all sizes in luma of shape (h, w); there is one view of them."""
        smallest = round(self.smallest_px / _SHRINK)
        boxes, _, weights = self._cascade.detectMultiScale3(
            image,
            scaleFactor=self.step,
            minNeighbors=_MIN_NEIGHBOURS,
            minSize=(smallest, smallest),
            outputRejectLevels=True,
        )
        found = [
            Detection(_like_dlib(*map(float, box)), float(weight))
            for box, weight in zip(boxes, np.ravel(weights), strict=True)
        ]
        return sorted(found, key=lambda d: -d.score)


def _like_dlib(left: float, top: float, width: float, height: float) -> Box:
    side = width * _SHRINK
    x, y = left + width / 2, top + height * (0.5 + _DOWN)
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
