"""Crops a face anew from the very frame of the source video that it was cut from."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from deepfake_dataset.errors import NoFaceThereError, VideoError
from deepfake_dataset.faces.alignment import CropSquare, render_crop
from deepfake_dataset.faces.crop import FaceCrop, crop_face, encode_png, is_face
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box, Face
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Frame, Image

_PAST = 16
"""Frames that may come out before one of an earlier timestamp: H.264 holds back no more."""
_LEAST_PX = 4
"""Landmarks closer together than this are a slip of the hand."""
_JPEG_QUALITY = 90


def read_source_frame(path: Path, face: Face, settings: ExtractSettings) -> Frame:
    """The frame that a face of a record was cut from.

    It is looked for by its timestamp from the keyframe before it, and taken if the face cut
    from it has the bytes of the record. Otherwise (timestamps repeat or are missing, the
    stream does not decode the same from there, or the settings have changed) the file is
    decoded from its beginning, as extraction did, up to the frame of that number.

    Raises :class:`VideoError` where the file does not have it any more.
    """
    return _sought(path, face, settings) or _counted(path, face, settings)


def recrop_face(
    frame: Frame,
    face: Face,
    settings: ExtractSettings,
    *,
    box: Box | None,
    landmarks: Sequence[float],
) -> FaceCrop:
    """The face as it was marked in the frame: by its landmarks, or by a box to find them in.

    Raises :class:`NoFaceThereError` where the marks do not form a face.
    """
    if len(landmarks):
        points = _marked(frame, face, landmarks)
    else:
        points = _found(frame, box or face.box, settings)
    around = box or _shifted(face, points)
    if not is_face(points, around, settings.margin):
        raise NoFaceThereError(
            "the landmarks are too large, too small or too far off for the box",
            "move the box over the face, from the eyebrows to the chin, or reject it",
        )
    return crop_face(
        frame,
        points,
        Detection(around, face.score),
        settings,
        name=face.face_id,
        scene=face.scene,
        track=face.track,
    )


def encode_jpeg(frame: Frame) -> bytes:
    """The whole frame as JPEG, as it is shown."""
    return _jpeg(frame.rgb(frame.whole).pixels)


def _jpeg(rgb: Image) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def _sought(path: Path, face: Face, settings: ExtractSettings) -> Frame | None:
    with _opened(path, settings) as decoder:
        if not decoder.seek(face.pts):
            return None
        past = 0
        for frame in decoder.frames():
            if frame.pts == face.pts and _cut_again(frame, face, settings) == face.sha256:
                return replace(frame, index=face.frame, time_s=face.time_s)
            past += frame.pts > face.pts
            if past > _PAST:
                return None
    return None


def _counted(path: Path, face: Face, settings: ExtractSettings) -> Frame:
    with _opened(path, settings) as decoder:
        for frame in decoder.frames():
            if frame.index == face.frame:
                return frame
            if frame.index > face.frame:
                break
    raise VideoError(f"frame {face.frame} of {path.name} can no longer be decoded")


def _opened(path: Path, settings: ExtractSettings) -> Decoder:
    return Decoder(path, round(settings.max_frame_megapixels * 1e6))


def _cut_again(frame: Frame, face: Face, settings: ExtractSettings) -> str:
    pose = CropSquare(face.center_x, face.center_y, face.native_px, face.roll_deg)
    return hashlib.sha256(encode_png(render_crop(frame, pose, settings.size_px))).hexdigest()


def _points(flat: Sequence[float]) -> Points:
    return np.array(flat, dtype=np.float64).reshape(-1, 2)


def _found(frame: Frame, box: Box, settings: ExtractSettings) -> Points:
    whole = frame.whole
    if box.area <= 0 or box.overlap(whole) == 0:
        raise NoFaceThereError("the box lies outside the frame", "move it over the face")
    square = box.resized(max(box.width, box.height))
    return find_landmarks(frame, square, settings.landmarks, rough=True)  # drawn by hand


def _marked(frame: Frame, face: Face, landmarks: Sequence[float]) -> Points:
    if len(landmarks) != len(face.landmarks):
        raise NoFaceThereError(
            f"{len(landmarks) // 2} landmarks, but the face has {len(face.landmarks) // 2}",
            "move those that are there",
        )
    points = _points(landmarks)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    marked, whole = Box(left, top, right, bottom), frame.whole
    if not min(marked.width, marked.height) >= _LEAST_PX or marked.overlap(whole) == 0:
        raise NoFaceThereError(
            "the landmarks lie in one place, or outside the frame", "move them onto the face"
        )
    return points


def _shifted(face: Face, points: Points) -> Box:
    """The face's box, moved and sized as its landmarks were."""
    old = _points(face.landmarks)
    scale = _spread(points) / max(_spread(old), 1e-9)
    x, y = (np.array(face.box.center) - old.mean(axis=0)) * scale + points.mean(axis=0)
    across, down = face.box.width * scale / 2, face.box.height * scale / 2
    return Box(float(x - across), float(y - down), float(x + across), float(y + down)).rounded()


def _spread(points: Points) -> float:
    return float(np.sqrt(points.var(axis=0).sum()))
