import hashlib
import math
from collections.abc import Callable
from dataclasses import astuple, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.faces.alignment import CropSquare, render_crop
from deepfake_dataset.faces.crop import FaceCrop, crop_if_face
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.faces.scene_faces import SampledFace
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame

Picture = NDArray[np.uint8]
FrameOf = Callable[..., Frame]


def decoded(png: bytes) -> Picture:
    bgr = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(bgr[..., ::-1], dtype=np.uint8)


def taken(
    frame: Frame,
    box: Box,
    settings: ExtractSettings | None = None,
    points: Points | None = None,
) -> FaceCrop | None:
    settings = settings or ExtractSettings()
    sighting = SampledFace(frame, 0, Detection(box, 0.8), box)
    if points is None:
        points = find_landmarks(frame, box, settings.landmarks)
    return crop_if_face(sighting, points, settings, name="v-000007-0", scene=3, track=2)


@pytest.fixture
def portrait(astronaut: Picture, astronaut_face: Box, frame_of: FrameOf) -> FaceCrop:
    made = taken(frame_of(astronaut, index=7, time_s=0.28), astronaut_face)
    assert made is not None
    return made


def test_the_file_is_the_crop_that_the_record_describes(
    portrait: FaceCrop, astronaut: Picture, frame_of: FrameOf
) -> None:
    face = portrait.face
    pose = CropSquare(face.center_x, face.center_y, face.native_px, face.roll_deg)
    assert (decoded(portrait.png) == render_crop(frame_of(astronaut), pose, 256)).all()
    assert face.sha256 == hashlib.sha256(portrait.png).hexdigest()


def test_the_record_says_where_the_face_was_found(portrait: FaceCrop, astronaut_face: Box) -> None:
    face = portrait.face
    assert (face.face_id, face.scene, face.track) == ("v-000007-0", 3, 2)
    assert (face.frame, face.pts, face.time_s, face.frame_type) == (7, 7, 0.28, "I")
    assert (face.detector, face.score, face.box) == ("hog", 0.8, astronaut_face)
    assert len(face.landmarks) == 136
    assert astronaut_face.left < face.center_x < astronaut_face.right
    assert astronaut_face.top < face.center_y < astronaut_face.bottom
    assert face.native_px == pytest.approx(124, abs=12)
    assert abs(face.roll_deg) < 10
    assert abs(face.yaw_deg) < 20
    assert face.outside == 0


def test_every_measure_is_a_finite_number(portrait: FaceCrop) -> None:
    numbers = [value for value in astuple(portrait.face) if isinstance(value, float)]
    assert len(numbers) == 10
    assert all(math.isfinite(number) for number in numbers)
    assert all(math.isfinite(number) for number in portrait.face.landmarks)


def test_brightness_is_the_mean_luma_of_the_crop(portrait: FaceCrop) -> None:
    luma = decoded(portrait.png).astype(float) @ [0.299, 0.587, 0.114]
    assert portrait.face.brightness == pytest.approx(luma.mean(), abs=0.6)


def test_gain_raises_brightness_and_blur_lowers_sharpness(
    portrait: FaceCrop, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    darker = taken(frame_of((astronaut * 0.6).astype(np.uint8)), astronaut_face)
    softer = taken(frame_of(cv2.GaussianBlur(astronaut, (0, 0), 2.5)), astronaut_face)
    assert darker is not None
    assert softer is not None
    assert darker.face.brightness < 0.75 * portrait.face.brightness
    assert softer.face.sharpness < 0.5 * portrait.face.sharpness


def test_the_same_face_gives_the_same_bytes_again(
    portrait: FaceCrop, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    assert taken(frame_of(astronaut, index=7, time_s=0.28), astronaut_face) == portrait


@pytest.mark.parametrize("margin", [1.0, 1.3, 4.0])
@pytest.mark.parametrize("landmarks", [68, 5])
@pytest.mark.parametrize("size", [32, 300])
def test_a_sound_face_is_taken_whatever_the_settings(
    margin: float,
    landmarks: int,
    size: int,
    astronaut: Picture,
    astronaut_face: Box,
    frame_of: FrameOf,
) -> None:
    settings = ExtractSettings(margin=margin, landmarks=landmarks, size_px=size)
    made = taken(frame_of(astronaut), astronaut_face, settings)
    assert made is not None
    assert decoded(made.png).shape == (size, size, 3)
    assert len(made.face.landmarks) == 2 * landmarks
    assert made.face.native_px / margin == pytest.approx(95, abs=14)


def test_the_share_beyond_the_frame_is_recorded(
    astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    half = frame_of(astronaut[:, 205:])
    box = replace(astronaut_face, left=astronaut_face.left - 205, right=astronaut_face.right - 205)
    made = taken(half, box)
    assert made is None or 0.1 < made.face.outside < 0.7


@pytest.mark.parametrize(
    ("spread", "shift"), [(0.02, 0), (20, 0), (1, 3)], ids=["tiny", "huge", "elsewhere"]
)
def test_landmarks_that_form_no_face_are_refused(
    spread: float,
    shift: float,
    astronaut: Picture,
    astronaut_face: Box,
    frame_of: FrameOf,
    portrait: FaceCrop,
) -> None:
    known = np.array(portrait.face.landmarks).reshape(-1, 2)
    center = known.mean(axis=0)
    wrong = center + (known - center) * spread + shift * astronaut_face.width
    assert taken(frame_of(astronaut), astronaut_face, points=wrong) is None
