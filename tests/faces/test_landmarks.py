from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.errors import UsageError
from deepfake_dataset.faces import landmarks, shape_predictor
from deepfake_dataset.faces.alignment import CropSquare, anchors_from_landmarks, crop_square
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.records import Box
from deepfake_dataset.storage.cache_folder import CACHE_VARIABLE
from deepfake_dataset.video.frame import Frame

Picture = NDArray[np.uint8]
FrameOf = Callable[..., Frame]


@pytest.fixture(params=[68, 5])
def count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def pose_in(frame: Frame, box: Box, count: int) -> CropSquare:
    return crop_square(anchors_from_landmarks(find_landmarks(frame, box, count)), 1.3)


def upright_box(x: float, y: float, side: float) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def test_points_lie_on_the_face_in_the_order_of_the_scheme(
    astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    points = find_landmarks(frame_of(astronaut), astronaut_face, 68)
    assert points.shape == (68, 2)
    anchors = anchors_from_landmarks(points)
    assert anchors.right_eye == pytest.approx([204, 102], abs=5)  # her right, the picture's left
    assert anchors.left_eye == pytest.approx([247, 104], abs=5)
    assert anchors.mouth == pytest.approx([223, 146], abs=6)


def test_five_points_have_the_eyes_where_68_have_them(
    astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    frame, face = frame_of(astronaut), astronaut_face
    five, all_ = (anchors_from_landmarks(find_landmarks(frame, face, n)) for n in (5, 68))
    assert find_landmarks(frame, face, 5).shape == (5, 2)
    assert five.right_eye == pytest.approx(all_.right_eye, abs=4)
    assert five.left_eye == pytest.approx(all_.left_eye, abs=4)


@pytest.mark.parametrize("turn", [-30.0, -15.0, 15.0, 30.0])
def test_a_turned_picture_turns_the_pose(
    turn: float, count: int, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    upright = pose_in(frame_of(astronaut), astronaut_face, count)
    x, y = astronaut_face.center
    matrix = cv2.getRotationMatrix2D((x, y), -turn, 1.0)
    turned = cv2.warpAffine(astronaut, matrix, (512, 512), flags=cv2.INTER_CUBIC)
    pose = pose_in(frame_of(turned), astronaut_face, count)
    assert pose.roll_deg - upright.roll_deg == pytest.approx(turn, abs=7)
    assert pose.side == pytest.approx(upright.side, rel=0.15)


@pytest.mark.parametrize("scale", [0.4, 0.7, 1.6, 2.5])
def test_a_scaled_picture_scales_the_pose(
    scale: float, count: int, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    known = pose_in(frame_of(astronaut), astronaut_face, count)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(astronaut[:300, :400], None, fx=scale, fy=scale, interpolation=method)
    x, y = astronaut_face.center
    box = upright_box(x * scale, y * scale, astronaut_face.width * scale)
    pose = pose_in(frame_of(np.asarray(scaled, dtype=np.uint8)), box, count)
    assert pose.side == pytest.approx(known.side * scale, rel=0.05)
    assert pose.roll_deg == pytest.approx(known.roll_deg, abs=3)
    assert (pose.center_x, pose.center_y) == pytest.approx(
        (known.center_x * scale, known.center_y * scale), abs=0.03 * pose.side
    )


@pytest.mark.parametrize(("right", "down"), [(-40, 10), (33, -21), (-150, -60)])
def test_a_moved_picture_moves_the_pose_as_far(
    right: int,
    down: int,
    count: int,
    astronaut: Picture,
    astronaut_face: Box,
    frame_of: FrameOf,
) -> None:
    known = pose_in(frame_of(astronaut), astronaut_face, count)
    shifted = np.roll(astronaut, (down, right), axis=(0, 1))
    x, y = astronaut_face.center
    box = upright_box(x + right, y + down, astronaut_face.width)
    pose = pose_in(frame_of(shifted), box, count)
    assert (pose.center_x - known.center_x, pose.center_y - known.center_y) == pytest.approx(
        (right, down), abs=3
    )
    assert pose.side == pytest.approx(known.side, rel=0.05)


def test_a_mirrored_face_has_the_mirrored_pose(
    count: int, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    known = pose_in(frame_of(astronaut), astronaut_face, count)
    box = Box(
        512 - astronaut_face.right,
        astronaut_face.top,
        512 - astronaut_face.left,
        astronaut_face.bottom,
    )
    pose = pose_in(frame_of(astronaut[:, ::-1]), box, count)
    assert pose.roll_deg == pytest.approx(-known.roll_deg, abs=4)
    assert (512 - pose.center_x, pose.center_y) == pytest.approx(
        (known.center_x, known.center_y), abs=0.04 * known.side
    )


@pytest.mark.parametrize("corner", [(0, 0), (511, 0), (0, 511), (511, 511)])
def test_a_box_that_hangs_over_the_border_still_gives_points(
    corner: tuple[int, int], count: int, astronaut: Picture, frame_of: FrameOf
) -> None:
    box = upright_box(*corner, 90)
    points = find_landmarks(frame_of(astronaut), box, count)
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()


def test_a_rough_box_gives_the_points_of_one_that_fits(
    count: int, astronaut: Picture, astronaut_face: Box, frame_of: FrameOf
) -> None:
    frame, width = frame_of(astronaut), astronaut_face.width
    x, y = astronaut_face.center
    known = find_landmarks(frame, astronaut_face, count)
    off: dict[bool, list[float]] = {False: [], True: []}
    for turn in np.arange(8) * np.pi / 4:
        box = upright_box(x + 0.15 * width * np.cos(turn), y + 0.15 * width * np.sin(turn), width)
        for rough, errors in off.items():
            points = find_landmarks(frame, box, count, rough=rough)
            errors.append(float(np.abs(points - known).mean() / width))
    assert max(off[True]) < 0.05
    assert np.mean(off[True]) < max(np.mean(off[False]) / 2, 0.005)


def _not_parsed(_: Path) -> list[np.ndarray]:
    raise ValueError("trees of different depths")


@pytest.fixture
def unknown_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Model files are none that can be parsed here, and none were before."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(shape_predictor, "_parse", _not_parsed)
    landmarks._predictor.cache_clear()
    yield
    landmarks._predictor.cache_clear()


def test_dlib_itself_finds_points_where_its_file_has_another_layout(
    count: int,
    astronaut: Picture,
    astronaut_face: Box,
    frame_of: FrameOf,
    unknown_layout: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = frame_of(astronaut)
    with pytest.warns(UserWarning, match=r"face_landmarks\.dat .* trees of different depths"):
        by_dlib = find_landmarks(frame, astronaut_face, count)
    again = find_landmarks(frame, astronaut_face, count)  # without another warning
    assert (again == by_dlib).all()
    monkeypatch.undo()
    landmarks._predictor.cache_clear()
    off = np.abs(by_dlib - find_landmarks(frame, astronaut_face, count))
    assert off.max() < 3
    assert off.mean() < 0.5


def test_a_file_that_dlib_does_not_read_either_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "model.dat").write_bytes(b"nothing of the kind")
    with pytest.raises(UsageError, match=r"model\.dat is damaged"):
        shape_predictor.DlibShapePredictor(tmp_path / "model.dat")
