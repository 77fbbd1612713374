"""How unlike a crop looks: distances in shape and colour to its neighbours and its track."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.records import Face
from deepfake_dataset.review.hog_descriptor import SIDE, Floats, hog_descriptor

_COLOUR_SIDE = 8
_NEIGHBOURS = 2
"""Faces before and after that one is compared with."""
_FEWEST_FACES = 5
"""A track of fewer faces says little of how its face looks; the whole video stands in."""


def shape_descriptor(crop: NDArray[np.uint8]) -> Floats:
    """HOG of a crop, BGR (n, n, 3): what stands where, block by block normalised for light."""
    luma = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(luma, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return hog_descriptor(np.asarray(small, np.uint8)) / 8


def colour_descriptor(crop: NDArray[np.uint8]) -> Floats:
    """Lab colours of eight by eight areas of a crop, BGR (n, n, 3)."""
    small = cv2.resize(crop, (_COLOUR_SIDE, _COLOUR_SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    return np.asarray(lab, np.float64).ravel() / (100 * _COLOUR_SIDE)


def tracks_of(faces: Sequence[Face]) -> Iterator[NDArray[np.int64]]:
    """The rows of each track, in the faces' order."""
    tracks = np.array([face.track for face in faces])
    for track in np.unique(tracks):
        yield np.flatnonzero(tracks == track)


def distance_to_track(faces: Sequence[Face], descriptors: Floats) -> Floats:
    """Distance of descriptors, a row a face, to the median of the face's track."""
    distances = np.zeros(len(faces))
    for rows in tracks_of(faces):
        own = descriptors[rows]
        median = np.median(descriptors if len(rows) < _FEWEST_FACES else own, axis=0)
        distances[rows] = np.linalg.norm(own - median, axis=1)
    return distances


def distance_to_neighbours(faces: Sequence[Face], descriptors: Floats) -> Floats:
    """Median distance to the faces just before and after; infinite where there are none."""
    distances = np.full(len(faces), np.inf)
    for rows in tracks_of(faces):
        if len(rows) > 1:
            distances[rows] = np.nanmedian(_to_each_neighbour(descriptors[rows]), axis=0)
    return distances


def _to_each_neighbour(descriptors: Floats) -> Floats:
    """(neighbours, n) distances, NaN where there is none; n is at least 2."""
    count = len(descriptors)
    steps = [step for step in range(-_NEIGHBOURS, _NEIGHBOURS + 1) if step]
    distances = np.full((len(steps), count), np.nan)
    for i, step in enumerate(steps):
        here = np.arange(max(0, -step), min(count, count - step))
        distances[i, here] = np.linalg.norm(descriptors[here] - descriptors[here + step], axis=1)
    return distances
