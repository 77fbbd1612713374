"""One face of one frame, its landmarks known: its aligned crop, its measures, its PNG."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np

from deepfake_dataset.faces.alignment import anchors_of, cut_out, pose_of, share_outside
from deepfake_dataset.faces.crop_measures import sharpness, yaw_deg
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.png import encode
from deepfake_dataset.faces.scene_faces import Sighting
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box, Face
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame

# Landmarks whose face is this many times longer or shorter than the detector's box is wide,
# or whose centre lies outside it, belong to something else. Sound faces lie between 0.70
# and 1.37, whatever the detector and the number of points (benchmarks/align.py).
_LEAST_LENGTH, _MOST_LENGTH = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Portrait:
    """A face's record and its file."""

    face: Face
    png: bytes


def portray(
    sighting: Sighting,
    points: Points,
    settings: ExtractSettings,
    *,
    name: str,
    scene: int,
    track: int,
) -> Portrait | None:
    """The face's crop and record, or None where its landmarks form no face."""
    frame, detection = sighting.frame, sighting.detection
    if not is_face(points, detection.box, settings.margin):
        return None
    return cut_face(frame, points, detection, settings, name=name, scene=scene, track=track)


def cut_face(
    frame: Frame,
    points: Points,
    detection: Detection,
    settings: ExtractSettings,
    *,
    name: str,
    scene: int,
    track: int,
) -> Portrait:
    """The crop and record of a face whose landmarks are known."""
    anchors = anchors_of(points)
    pose = pose_of(anchors, settings.margin)
    crop = cut_out(frame, pose, settings.size_px)
    luma = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    png = encode(crop)
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
        brightness=cv2.mean(luma)[0],
        outside=share_outside(pose, frame.whole),
        sha256=hashlib.sha256(png).hexdigest(),
    )
    return Portrait(face, png)


def _flat(points: Points) -> tuple[float, ...]:
    return tuple(np.round(points, 3).ravel().tolist())


def is_face(points: Points, box: Box, margin: float) -> bool:
    """Whether landmarks are of a size and at a place that go with a detector's box."""
    pose = pose_of(anchors_of(points), margin)
    length = pose.side / margin
    inside = box.left <= pose.center_x <= box.right and box.top <= pose.center_y <= box.bottom
    return inside and _LEAST_LENGTH * box.width <= length <= _MOST_LENGTH * box.width
