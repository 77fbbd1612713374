"""Proposes places where faces may be: the first two networks of MTCNN (Zhang et al. 2016).

They work on pictures a third as wide as dlib's detector needs, in a seventh of its time. They
only say where to look; whether a face is there, and where its box lies, the detector says.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.proposal_networks import CoarseNetwork, FineNetwork
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image

Boxes = NDArray[np.float32]
Scores = NDArray[np.float32]

SMALLEST_PX = 24
"""Width of the smallest face proposed; callers scale their pictures to it."""

# The networks were trained on windows of these sizes.
_COARSE_PX, _FINE_PX = 12, 24
_STRIDE = 2
# From one size of face searched to the next one.
_STEP = 1.4
# Logarithms of the odds of .5 and .3, below the networks' own .6 and .7. With .4 and .2 hardly a
# face more passes, but 1.7 times as many places are searched for nothing.
_COARSE_LEAST, _FINE_LEAST = 0.0, -0.85
# Two proposals that overlap more than this are one.
_SAME = 0.4
# Against the light, in haze or in the dark the networks see nothing unless contrast is evened
# out over parts of the picture.
_CONTRAST, _TILES = 4.0, (4, 4)


class FaceProposer:
    """Proposes places to look for faces at."""

    def __init__(self) -> None:
        self._coarse, self._fine = CoarseNetwork(), FineNetwork()
        self._even = cv2.createCLAHE(_CONTRAST, _TILES)

    def propose(self, luma: Image) -> list[Box]:
        """Places in luma (h, w), in its pixels, likeliest first.

        Squares about as large as a detector's box; it lies within a fifth of its width.
        """
        # Both networks were trained on pictures with rows and columns exchanged.
        picture = np.ascontiguousarray(np.asarray(self._even.apply(luma), np.uint8).T)
        boxes = self._coarsely(picture)
        if not len(boxes):
            return []
        boxes, scores = self._finely(picture, boxes)
        return [_square(boxes[i]) for i in _apart(boxes, scores)]

    def _coarsely(self, picture: Image) -> Boxes:
        """Boxes (n, 4), left, top, right and bottom, of all sizes."""
        scale, shrunk = _COARSE_PX / SMALLEST_PX, picture
        found = [np.zeros((0, 5), np.float32)]
        while min(picture.shape) * scale >= _COARSE_PX:
            size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
            shrunk = np.asarray(cv2.resize(shrunk, size, interpolation=cv2.INTER_AREA), np.uint8)
            found.append(self._at_one_size(shrunk, scale))
            scale /= _STEP
        boxes, scores = np.split(np.concatenate(found), [4], axis=1)
        return boxes[_apart(boxes, scores[:, 0])]

    def _at_one_size(self, picture: Image, scale: float) -> NDArray[np.float32]:
        """Boxes in pixels of the picture before it was scaled, and scores: (n, 5)."""
        moves, score = self._coarse(picture)
        x, y = np.nonzero(score >= _COARSE_LEAST)
        corner = np.stack([x, y, x, y], axis=1) * np.float32(_STRIDE / scale)
        corner[:, 2:] += _COARSE_PX / scale
        boxes = corner + moves[x, y] * np.float32(_COARSE_PX / scale)
        return np.column_stack([boxes, score[x, y]])

    def _finely(self, picture: Image, boxes: Boxes) -> tuple[Boxes, Scores]:
        """Boxes that look like faces at twice the resolution, set right; and scores."""
        middle = (boxes[:, :2] + boxes[:, 2:]) / 2
        side = np.maximum(2, np.rint((boxes[:, 2:] - boxes[:, :2]).max(axis=1)))[:, None]
        corner = np.rint(middle - side / 2)
        windows = [_window(picture, *at) for at in np.hstack([corner, side]).astype(int).tolist()]
        moves, score = self._fine(np.stack(windows))
        sure = score >= _FINE_LEAST
        square = np.hstack([corner, corner + side])
        return (square + moves * side)[sure].astype(np.float32), score[sure]


@cache
def make_face_proposer() -> FaceProposer:
    """One a process: its models are loaded once."""
    return FaceProposer()


def _window(picture: Image, x: int, y: int, side: int) -> Image:
    """A square of a picture whose first axis is x, shrunk for the finer network."""
    inside = picture[max(0, x) : x + side, max(0, y) : y + side]
    if inside.shape != (side, side):
        whole = np.zeros((side, side), np.uint8)
        left, top = max(0, -x), max(0, -y)
        whole[left : left + inside.shape[0], top : top + inside.shape[1]] = inside
        inside = whole
    size = (_FINE_PX, _FINE_PX)
    return np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_AREA), np.uint8)


def _apart(boxes: Boxes, scores: Scores) -> list[int]:
    """Positions of the likeliest boxes that do not overlap, likeliest first."""
    sides = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    positive = (scores - min(_COARSE_LEAST, _FINE_LEAST) + 1).tolist()
    return [int(i) for i in cv2.dnn.NMSBoxes(sides.tolist(), positive, 0.0, _SAME)]


def _square(box: Boxes) -> Box:
    """Of the same area, about the same middle: the networks' boxes are higher than wide."""
    left, top, right, bottom = box.tolist()
    half = (max(0.0, right - left) * max(0.0, bottom - top)) ** 0.5 / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    return Box(x - half, y - half, x + half, y + half)
