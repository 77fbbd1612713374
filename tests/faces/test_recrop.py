import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import NoFaceThereError, VideoError
from deepfake_dataset.extract import extract_video
from deepfake_dataset.faces import recrop
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.records import Box, Provenance, VideoFile
from deepfake_dataset.settings import ExtractSettings, Settings

SETTINGS = ExtractSettings(faces_per_scene=4)


@pytest.fixture(scope="module")
def made(tmp_path_factory, face_video):
    """The video's record, as extraction makes it."""
    dataset = Dataset.create(tmp_path_factory.mktemp("ds") / "ds", Settings(extract=SETTINGS))
    size = face_video.stat().st_size
    file = VideoFile("0123456789abcdef", str(face_video), "face.mp4", size, Provenance())
    return extract_video(file, dataset)


def _crop(frame, face):
    return recrop.recrop_face(frame, face, SETTINGS, box=None, landmarks=face.landmarks)


def test_every_face_is_cut_again_from_its_own_frame(made, face_video):
    assert len(made.faces) >= 6
    for face in made.faces:
        frame = recrop.read_source_frame(face_video, face, SETTINGS)
        assert (frame.index, frame.pts) == (face.frame, face.pts)
        assert recrop._cut_again(frame, face, SETTINGS) == face.sha256


def test_where_timestamps_do_not_lead_there_frames_are_counted(made, face_video):
    face = replace(made.faces[-1], pts=-12345)
    frame = recrop.read_source_frame(face_video, face, SETTINGS)
    assert frame.index == face.frame
    assert recrop._cut_again(frame, face, SETTINGS) == face.sha256


def test_with_other_settings_the_frame_is_still_the_right_one(made, face_video):
    face, other = made.faces[2], replace(SETTINGS, size_px=128)
    assert recrop.read_source_frame(face_video, face, other).pts == face.pts


def test_a_frame_that_is_not_there_is_told(made, face_video):
    face = replace(made.faces[0], frame=10_000, pts=10**9)
    with pytest.raises(VideoError, match=r"frame 10000 of face\.mp4 can no longer be decoded"):
        recrop.read_source_frame(face_video, face, SETTINGS)


def test_the_same_landmarks_give_the_same_crop(made, face_video):
    face = made.faces[0]
    again = _crop(recrop.read_source_frame(face_video, face, SETTINGS), face)
    assert again.face.center_x == pytest.approx(face.center_x, abs=0.01)
    assert again.face.native_px == pytest.approx(face.native_px, abs=0.01)
    assert again.face.sha256 == hashlib.sha256(again.png).hexdigest()
    assert (again.face.face_id, again.face.track) == (face.face_id, face.track)


def test_moved_landmarks_move_crop_and_box_with_them(made, face_video):
    face = made.faces[0]
    frame = recrop.read_source_frame(face_video, face, SETTINGS)
    moved = np.array(face.landmarks).reshape(-1, 2) + np.array([30, -12])
    again = recrop.recrop_face(frame, face, SETTINGS, box=None, landmarks=moved.ravel().tolist())
    assert again.face.center_x - face.center_x == pytest.approx(30, abs=0.01)
    assert again.face.box.left - face.box.left == pytest.approx(30, abs=0.01)
    assert again.face.box.top - face.box.top == pytest.approx(-12, abs=0.01)


def test_a_box_moved_back_over_the_face_finds_it_again(made, face_video):
    face = made.faces[0]
    frame = recrop.read_source_frame(face_video, face, SETTINGS)
    box = Box(face.box.left + 4, face.box.top - 3, face.box.right + 4, face.box.bottom - 3)
    again = recrop.recrop_face(frame, face, SETTINGS, box=box, landmarks=()).face
    assert again.center_x == pytest.approx(face.center_x, abs=0.05 * face.native_px)
    assert again.native_px == pytest.approx(face.native_px, rel=0.1)
    assert again.box == box


def test_a_drawn_box_is_taken_for_a_rough_one(made, face_video):
    face = made.faces[0]
    frame = recrop.read_source_frame(face_video, face, SETTINGS)
    box = Box(face.box.left - 9, face.box.top - 9, face.box.right, face.box.bottom)
    again = recrop.recrop_face(frame, face, SETTINGS, box=box, landmarks=()).face
    points = find_landmarks(frame, box, SETTINGS.landmarks, rough=True)
    assert again.landmarks == pytest.approx(points.ravel(), abs=0.001)


@pytest.mark.parametrize("box", [Box(-90, -90, -10, -10), Box(50, 50, 50, 50), Box(90, 9, 10, 90)])
def test_a_box_that_holds_nothing_is_refused(made, face_video, box):
    frame = recrop.read_source_frame(face_video, made.faces[0], SETTINGS)
    with pytest.raises(NoFaceThereError):
        recrop.recrop_face(frame, made.faces[0], SETTINGS, box=box, landmarks=())


def test_landmarks_that_form_no_face_are_refused(made, face_video):
    face = made.faces[0]
    frame = recrop.read_source_frame(face_video, face, SETTINGS)
    for landmarks in ([5.0] * 136, [1.0, 2.0, 3.0], [float("nan")] * 136, [1e9] * 136):
        with pytest.raises(NoFaceThereError):
            recrop.recrop_face(frame, face, SETTINGS, box=face.box, landmarks=landmarks)


def test_a_still_is_a_jpeg_of_the_frame_as_shown(made, face_video: Path):
    import cv2

    frame = recrop.read_source_frame(face_video, made.faces[0], SETTINGS)
    picture = cv2.imdecode(np.frombuffer(recrop.encode_jpeg(frame), np.uint8), 1)
    assert picture.shape == (360, 640, 3)
