"""Stores crops made anew from the source, where a person moved the box or the landmarks."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Fix
from deepfake_dataset.errors import ConflictError
from deepfake_dataset.records import Box, Face


@dataclass(frozen=True, slots=True)
class FaceLocation:
    """A face of a video."""

    video_id: str
    face: Face
    """Of the record; with its pose and hash a frame shows that it is the one of the record."""


@dataclass(frozen=True, slots=True)
class FaceMarks:
    """What a person marked: landmarks, or else a box in which they are to be found."""

    box: Box | None = None
    landmarks: tuple[float, ...] = ()
    """x0, y0, x1, y1 … in pixels of the frame: 68 or 5 points, as many as the record has."""


@dataclass(frozen=True, slots=True)
class RecroppedFace:
    """A face cut out anew; fields as in :class:`deepfake_dataset.records.Face`."""

    box: Box
    landmarks: tuple[float, ...]
    center_x: float
    center_y: float
    native_px: float
    roll_deg: float
    yaw_deg: float
    sharpness: float
    brightness: float
    outside: float
    sha256: str
    png: bytes


class SourceFrames(Protocol):
    """Where frames and crops are made; ``commands`` joins it from sources and extraction."""

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        """The whole frame as it is shown, as JPEG.

        Raises :class:`SourceGoneError`, or :class:`VideoError` where the file cannot be
        decoded any more.
        """
        ...

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        """The face as marked, with extraction's own geometry and the dataset's settings.

        Raises :class:`NoFaceThereError` where the marks do not form a face, and what
        :meth:`frame_jpeg` raises.
        """
        ...


def store_fixed_crop(dataset: Dataset, location: FaceLocation, recrop: RecroppedFace) -> Fix:
    """Put the crop beside the other fixed ones; gives what a decision says of it.

    Its key holds its hash: a crop that is there is never written over.
    Raises :class:`DatasetWriteError`.
    """
    key = layout.fixed_crop_key(location.video_id, location.face.face_id, recrop.sha256)
    with suppress(ConflictError):  # the same was made before
        dataset.storage.put(key, recrop.png, unless_exists=True)
    settings = dataset.settings.extract
    return Fix(
        box=recrop.box,
        landmarks=recrop.landmarks,
        center_x=recrop.center_x,
        center_y=recrop.center_y,
        native_px=recrop.native_px,
        roll_deg=recrop.roll_deg,
        yaw_deg=recrop.yaw_deg,
        sharpness=recrop.sharpness,
        brightness=recrop.brightness,
        outside=recrop.outside,
        size_px=settings.size_px,
        margin=settings.margin,
        crop=key,
        sha256=recrop.sha256,
    )
