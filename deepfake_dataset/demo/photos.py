"""Photographs of people that packages ship, whose they are, and under what licence.

Nothing is copied into this project: a package that carries the picture is installed, and
the picture is read from its folder. Its bytes are checked, so that what is filmed is the
picture whose licence was looked up.
"""

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Box

Image = NDArray[np.uint8]
"""Height × width × 3, RGB."""

INSTALL_HINT = "pip install 'deepfake-dataset[demo]'"


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of one person in a package's folder."""

    person: str
    module: str
    """What the package is imported as; it is never imported, only found."""
    file: str
    """Below the module's folder."""
    sha256: str
    face: Box
    """Where dlib's HOG detector finds the face after one upsampling."""
    source: str
    licence: str


COLLINS = Photo(
    person="Eileen Collins",
    module="skimage",
    file="data/astronaut.png",
    sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    face=Box(175, 76, 265, 166),
    source="NASA's portrait of the astronaut, from the NASA Great Images database",
    licence="public domain: a work of NASA; so say the notes of skimage.data.astronaut",
)

HOPPER = Photo(
    person="Grace Hopper",
    module="matplotlib",
    file="mpl-data/sample_data/grace_hopper.jpg",
    sha256="a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    face=Box(180, 139, 366, 325),
    source="the United States Navy's portrait of Commodore Grace M. Hopper, 1984",
    licence="public domain: a work of the United States Navy",
)

COELHO = Photo(
    person="Luis Pedro Coelho",
    module="mahotas",
    file="demos/data/luispedro.jpg",
    sha256="27e7af47501a4e9a06e4d8bd8b834bd773fe7b187baef2f47e120c663524bed1",
    face=Box(15, 98, 201, 284),
    source="portrait of mahotas's author, added to the package by himself in 2010",
    licence="MIT, as the whole of mahotas; the package names no other terms for it",
)

PEOPLE = (COLLINS, HOPPER, COELHO)


def load_photo(photo: Photo) -> Image:
    """Read a photograph; UsageError where its package is missing or ships another picture."""
    content = _read(photo)
    if hashlib.sha256(content).hexdigest() != photo.sha256:
        raise UsageError(
            f"{photo.module} ships another {photo.file} than the one whose licence is known",
            f"install the versions this project names: {INSTALL_HINT}",
        )
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    return np.asarray(decoded, np.uint8)


def _read(photo: Photo) -> bytes:
    spec = find_spec(photo.module)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, photo.file)
        if path.is_file():
            return path.read_bytes()
    raise UsageError(
        f"the demo films a photograph that {photo.module} ships, and it is not there",
        INSTALL_HINT,
    )
