"""How unlike a crop looks: distances in shape and colour to its neighbours and its track."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.records import Face

_SHAPE_SIDE, _COLOUR_SIDE = 64, 8
_HOG = cv2.HOGDescriptor((_SHAPE_SIDE, _SHAPE_SIDE), (16, 16), (16, 16), (8, 8), 9)
"""Cells of 8 pixels, blocks of 2 × 2 cells that do not overlap, 9 directions (Dalal & Triggs
2005): 576 numbers, 0.04 ms a crop."""
_NEIGHBOURS = 2
"""Faces before and after that one is compared with."""
_FEWEST_FACES = 5
"""A track of fewer faces says little of how its face looks; the whole video stands in."""


def shape_descriptor(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """HOG of a crop, BGR (n, n, 3): what stands where, block by block normalised for light."""
    luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(luma, (_SHAPE_SIDE, _SHAPE_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(_HOG.compute(small), np.float32).ravel() / np.float32(8)


def colour_descriptor(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Lab colours of eight by eight areas of a crop, BGR (n, n, 3)."""
    small = cv2.resize(crop, (_COLOUR_SIDE, _COLOUR_SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return np.asarray(lab, np.float32).ravel() / np.float32(100 * _COLOUR_SIDE)


def tracks_of(faces: Sequence[Face]) -> Iterator[NDArray[np.int64]]:
    """The rows of each track, in the faces' order."""
    tracks = np.array([face.track for face in faces])
    for track in np.unique(tracks):
        yield np.flatnonzero(tracks == track)


def distance_to_track(
    faces: Sequence[Face], descriptors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Distance of descriptors, a row a face, to the median of the face's track."""
    distances = np.zeros(len(faces))
    for rows in tracks_of(faces):
        own = descriptors[rows]
        median = np.median(descriptors if len(rows) < _FEWEST_FACES else own, axis=0)
        distances[rows] = np.linalg.norm(own - median, axis=1)
    return distances


def distance_to_neighbours(
    faces: Sequence[Face], descriptors: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Median distance to the faces just before and after; infinite where there are none."""
    distances = np.full(len(faces), np.inf)
    for rows in tracks_of(faces):
        if len(rows) > 1:
            distances[rows] = np.nanmedian(_to_each_neighbour(descriptors[rows]), axis=0)
    return distances


def _to_each_neighbour(descriptors: NDArray[np.float32]) -> NDArray[np.float64]:
    """(neighbours, n) distances, NaN where there is none; n is at least 2."""
    count = len(descriptors)
    steps = [step for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1) if step]
    distances = np.full((len(steps), count), np.nan)
    for i, step in enumerate(steps):
        here = np.arange(max(0, -step), min(count, count - step))
        distances[i, here] = np.linalg.norm(descriptors[here] - descriptors[here + step], axis=1)
    return distances
