"""Makes the crop of one face: aligned pixels as PNG, measures, and the face's record."""

import hashlib
from dataclasses import dataclass

import cv2
import fpng
import numpy as np

from deepfake_dataset.faces.alignment import (
    anchors_from_landmarks,
    crop_square,
    render_crop,
    share_outside,
)
from deepfake_dataset.faces.crop_measures import brightness, sharpness, yaw_deg
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.scene_faces import SampledFace
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import PIXEL_DIGITS, Box, Face
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame, Image

# Landmarks whose face is this many times longer or shorter than the detector's box is wide,
# or whose centre lies outside it, belong to something else. Sound faces lie between 0.70
# and 1.37, whatever the detector and the number of points (benchmarks/align.py).
_LEAST_LENGTH, _MOST_LENGTH = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class FaceCrop:
    """A face's record and its file."""

    face: Face
    png: bytes


def crop_if_face(
    sampled: SampledFace,
    points: Points,
    settings: ExtractSettings,
    *,
    name: str,
    scene: int,
    track: int,
) -> FaceCrop | None:
    """The face's crop and record, or None where its landmarks form no face."""
    frame, detection = sampled.frame, sampled.detection
    if not is_face(points, detection.box, settings.margin):
        return None
    return crop_face(frame, points, detection, settings, name=name, scene=scene, track=track)


def crop_face(
    frame: Frame,
    points: Points,
    detection: Detection,
    settings: ExtractSettings,
    *,
    name: str,
    scene: int,
    track: int,
) -> FaceCrop:
    """The crop and record of a face whose landmarks are known."""
    anchors = anchors_from_landmarks(points)
    pose = crop_square(anchors, settings.margin).rounded()
    crop = render_crop(frame, pose, settings.size_px)
    luma = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    png = encode_png(crop)
    face = Face(
        face_id=name,
        scene=scene,
        track=track,
        frame=frame.index,
        pts=frame.pts,
        time_s=frame.time_s,
        frame_type=frame.frame_type,
        detector=settings.detector,
        score=detection.score,
        box=detection.box,
        landmarks=_flat(points),
        center_x=pose.center_x,
        center_y=pose.center_y,
        native_px=pose.side,
        roll_deg=pose.roll_deg,
        yaw_deg=yaw_deg(anchors),
        sharpness=sharpness(luma),
        brightness=brightness(luma),
        outside=share_outside(pose, frame.whole),
        sha256=hashlib.sha256(png).hexdigest(),
    )
    return FaceCrop(face, png)


def _flat(points: Points) -> tuple[float, ...]:
    return tuple(np.round(points, PIXEL_DIGITS).ravel().tolist())


def is_face(points: Points, box: Box, margin: float) -> bool:
    """Whether landmarks are of a size and at a place that go with a detector's box."""
    pose = crop_square(anchors_from_landmarks(points), margin).rounded()
    length = pose.side / margin
    inside = box.left <= pose.center_x <= box.right and box.top <= pose.center_y <= box.bottom
    return inside and _LEAST_LENGTH * box.width <= length <= _MOST_LENGTH * box.width


def encode_png(crop: Image) -> bytes:
    """A crop of RGB (h, w, 3) as PNG: lossless, the same bytes on every machine."""
    return bytes(fpng.from_ndarray(np.ascontiguousarray(crop)))
