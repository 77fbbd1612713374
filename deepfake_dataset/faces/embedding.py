"""Face embeddings: dlib's network gives 128 numbers a face, near each other for one person.

The network (King 2017) was trained so that faces of one person are less than 0.6 apart. It reads
a chip of 150 pixels that is turned and scaled by the landmarks; the record's landmarks are carried
into the aligned crop, so that neither the video nor a detector is needed. A face takes about a
tenth of a second.
"""

from functools import cache
from typing import Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.model_files import model_file

Image = NDArray[np.uint8]

_MODEL = "dlib_face_recognition_resnet_model_v1.dat"


class AlignedFace(Protocol):
    """A face and the square that its crop shows, in pixels of the frame; a record is one."""

    @property
    def landmarks(self) -> tuple[float, ...]:
        """In order: x0, y0, x1, y1."""

    @property
    def center_x(self) -> float:
        """Of the square."""

    @property
    def center_y(self) -> float:
        """Of the square."""

    @property
    def native_px(self) -> float:
        """Side of the square."""

    @property
    def roll_deg(self) -> float:
        """By which the square is turned."""


def embed_crop(crop: Image, face: AlignedFace) -> NDArray[np.float32]:
    """(128,) of the face in its square RGB crop."""
    return embed_face(crop, landmarks_in_crop(face, crop.shape[0]))


def landmarks_in_crop(face: AlignedFace, side: int) -> NDArray[np.float64]:
    """(n, 2) landmarks in pixels of a crop that is ``side`` pixels wide."""
    turn = np.radians(face.roll_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.array(face.landmarks).reshape(-1, 2) - [face.center_x, face.center_y]
    inside: NDArray[np.float64] = points @ rotation * (side / face.native_px) + side / 2
    return inside


def embed_face(image: Image, points: NDArray[np.float64]) -> NDArray[np.float32]:
    """(128,) of the face with these landmarks, 68 or dlib's 5, in an RGB picture."""
    corners = np.concatenate([points.min(axis=0), points.max(axis=0)]).round().astype(int)
    # dlib's points are the centres of pixels, ours count from their corners.
    whole = (points - 0.5).round().astype(int).tolist()
    shape = dlib.full_object_detection(
        dlib.rectangle(*corners.tolist()), dlib.points([dlib.point(x, y) for x, y in whole])
    )
    return np.array(load_network().compute_face_descriptor(image, shape), np.float32)


@cache
def load_network() -> "dlib.face_recognition_model_v1":
    """The network; read once a process."""
    return dlib.face_recognition_model_v1(str(model_file(_MODEL)))
