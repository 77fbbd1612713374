import math
from collections.abc import Callable
from dataclasses import astuple

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.faces.alignment import (
    CropSquare,
    anchors_from_landmarks,
    crop_square,
    render_crop,
    share_outside,
)
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Frame

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
FrameOf = Callable[..., Frame]

MARGIN = 1.3


def face_68(eye: float = 30, mouth: float = 66, nose: float = 30) -> Points:
    """A face that looks straight ahead: each part's points all lie in one place.

    The eyes stand ``eye`` left and right of (0, 0), the mouth ``mouth`` below, the bridge of
    the nose 10 and its tip ``nose`` below.
    """
    points = np.zeros((68, 2))
    points[36:42] = -eye, 0
    points[42:48] = eye, 0
    points[27:31] = 0, 10
    points[31:36] = 0, nose
    points[48:68] = 0, mouth
    return points


def face_5() -> Points:
    """In dlib's order: outer and inner corner of the left eye, of the right eye, the nose."""
    return np.array([[42.0, 0], [18, 0], [-42, 0], [-18, 0], [0, 43]])


def moved(points: Points, turn_deg: float, scale: float, by: tuple[float, float]) -> Points:
    turn = math.radians(turn_deg)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return scale * points @ rotation.T + by


def test_the_crop_is_centred_between_the_tip_and_the_bridge_of_the_nose() -> None:
    pose = crop_square(anchors_from_landmarks(face_68(nose=34)), MARGIN)
    assert (pose.center_x, pose.center_y) == pytest.approx((0, 22))


def test_the_face_s_length_is_that_of_eyes_to_mouth_where_it_is_longer() -> None:
    pose = crop_square(anchors_from_landmarks(face_68(eye=30, mouth=66)), MARGIN)
    assert pose.side == pytest.approx(1.3 * 2.2 * 66)


def test_the_face_s_length_is_that_of_eye_to_eye_where_it_is_longer() -> None:
    pose = crop_square(anchors_from_landmarks(face_68(eye=40, mouth=66)), MARGIN)
    assert pose.side == pytest.approx(1.3 * 2.2 * 80)


@pytest.mark.parametrize("margin", [1.0, 1.3, 4.0])
def test_the_margin_widens_the_crop_and_nothing_else(margin: float) -> None:
    narrow, wide = (crop_square(anchors_from_landmarks(face_68()), m) for m in (1.0, margin))
    assert wide.side == pytest.approx(margin * narrow.side)
    assert (wide.center_x, wide.center_y, wide.roll_deg) == (
        narrow.center_x,
        narrow.center_y,
        narrow.roll_deg,
    )


def test_the_middle_of_the_mouth_counts_both_lips() -> None:
    points = face_68()
    points[48:60] += 0, 4  # outer contour
    points[[55, 56, 57, 58, 59, 67, 66, 65]] += 0, 6  # an open mouth: the lower lip alone
    top = np.mean([points[i] for i in (48, 49, 50, 51, 52, 53, 54, 60, 61, 62, 63, 64)], axis=0)
    bottom = np.mean([points[i] for i in (48, 54, 55, 56, 57, 58, 59, 60, 64, 65, 66, 67)], axis=0)
    assert anchors_from_landmarks(points).mouth == pytest.approx((top + bottom) / 2)


@pytest.mark.parametrize("face", [face_68(), face_5()], ids=["68", "5"])
def test_an_upright_face_is_not_turned(face: Points) -> None:
    assert crop_square(anchors_from_landmarks(face), MARGIN).roll_deg == pytest.approx(0)


def test_five_points_place_the_crop_much_as_68_do() -> None:
    five, all_ = (
        crop_square(anchors_from_landmarks(face), MARGIN) for face in (face_5(), face_68())
    )
    assert five.side == pytest.approx(all_.side, rel=0.1)
    assert (five.center_x, five.center_y) == pytest.approx(
        (all_.center_x, all_.center_y), abs=0.06 * all_.side
    )


@given(
    points=st.sampled_from([68, 5]),
    noise=st.integers(0, 2**32 - 1),
    turn=st.floats(-179, 179),
    scale=st.floats(0.05, 50),
    by=st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000)),
)
def test_a_face_moved_turned_and_scaled_moves_turns_and_scales_its_crop(
    points: int, noise: int, turn: float, scale: float, by: tuple[float, float]
) -> None:
    face = face_68() if points == 68 else face_5()
    face += np.random.default_rng(noise).normal(0, 3, face.shape)
    before = crop_square(anchors_from_landmarks(face), MARGIN)
    after = crop_square(anchors_from_landmarks(moved(face, turn, scale, by)), MARGIN)
    center = moved(np.array([[before.center_x, before.center_y]]), turn, scale, by)[0]
    assert (after.center_x, after.center_y) == pytest.approx(tuple(center), abs=1e-6)
    assert after.side == pytest.approx(before.side * scale)
    difference = (after.roll_deg - before.roll_deg - turn + 180) % 360 - 180
    assert difference == pytest.approx(0, abs=1e-6)


def test_corners_run_clockwise_from_the_crop_s_top_left() -> None:
    assert CropSquare(100, 50, 20, 90).corners() == pytest.approx(
        np.array([[110, 40], [110, 60], [90, 60], [90, 40]])
    )


@given(roll=st.floats(-180, 180), side=st.floats(1, 2000), x=st.floats(-500, 500))
def test_the_box_around_a_square_is_that_of_its_corners(roll: float, side: float, x: float) -> None:
    pose = CropSquare(x, 80, side, roll)
    corners = pose.corners()
    expected = [*corners.min(axis=0), *corners.max(axis=0)]
    assert astuple(pose.around) == pytest.approx(expected, abs=1e-9 * (side + 500))


@pytest.mark.parametrize("roll", [-150.0, -30.0, 0.0, 17.0, 90.0])
@pytest.mark.parametrize("length", [40.0, 100.0, 170.0])
def test_the_crop_shows_eyes_level_and_the_mouth_below_the_middle(
    roll: float, length: float, frame_of: FrameOf
) -> None:
    scale = length / 66
    points = moved(face_68(), roll, scale, (330, 310))
    picture = np.full((640, 640, 3), 40, np.uint8)
    anchors = anchors_from_landmarks(points)
    colours = {"right_eye": (255, 0, 0), "left_eye": (0, 255, 0), "mouth": (0, 0, 255)}
    for name, colour in colours.items():
        x, y = getattr(anchors, name)
        at = round(16 * (x - 0.5)), round(16 * (y - 0.5))
        cv2.circle(picture, at, round(16 * 5 * scale), colour, -1, cv2.LINE_AA, shift=4)
    pose = crop_square(anchors, MARGIN)
    crop = render_crop(frame_of(picture), pose, 256)
    found = [_middle_of(crop[..., channel]) for channel in range(3)]
    per_px = 256 * scale / pose.side
    expected = [
        (128 + x * per_px, 128 + (y - 20) * per_px) for x, y in ((-30, 0), (30, 0), (0, 66))
    ]
    assert np.array(found) == pytest.approx(np.array(expected), abs=1)


def _middle_of(channel: Picture) -> tuple[float, float]:
    weight = np.clip(channel.astype(float) - 60, 0, None)
    rows, columns = np.indices(channel.shape) + 0.5
    return float((columns * weight).sum() / weight.sum()), float(
        (rows * weight).sum() / weight.sum()
    )


def test_a_crop_at_the_frame_s_own_scale_keeps_its_pixels(
    astronaut: Picture, frame_of: FrameOf
) -> None:
    frame = frame_of(astronaut)
    crop = render_crop(frame, CropSquare(228, 178, 256, 0), 256).astype(float)
    same = frame.rgb(frame.whole).pixels[50:306, 100:356].astype(float)
    shifted = frame.rgb(frame.whole).pixels[50:306, 101:357]
    assert np.abs(crop - same).mean() < 1.5
    assert np.abs(crop - same).mean() < 0.25 * np.abs(crop - shifted).mean()


@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_quarter_turn_is_undone(quarter: int, astronaut: Picture, frame_of: FrameOf) -> None:
    upright = render_crop(frame_of(astronaut), CropSquare(256, 256, 290, 0), 128)
    turned = frame_of(np.rot90(astronaut, -quarter))
    undone = render_crop(turned, CropSquare(256, 256, 290, 90 * quarter), 128)
    assert np.abs(undone.astype(float) - upright).mean() < 1


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p"])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("aspect", [0.75, 1.0, 4 / 3])
@pytest.mark.parametrize("side", [120.0, 350.0])
def test_a_crop_shows_what_lies_in_its_square(
    pixels: str, turns: int, aspect: float, side: float, astronaut: Picture
) -> None:
    stored = cv2.GaussianBlur(astronaut[:360], (0, 0), 5)
    planes = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(
        format=pixels, dst_colorspace="ITU601", dst_color_range="JPEG"
    )
    planes.color_range, planes.colorspace = 2, 5
    frame = Frame(0, 0, 0.0, "I", planes, turns, aspect)
    size = round(512 * max(1, aspect)), round(360 * max(1, 1 / aspect))
    shown = np.rot90(cv2.resize(stored, size, interpolation=cv2.INTER_LINEAR), -turns)
    pose = CropSquare(0.45 * frame.width, 0.5 * frame.height, side, 20)
    crop = render_crop(frame, pose, 128)
    to_shown = pose.rotation() * (side / 128)
    origin = np.array([pose.center_x, pose.center_y]) - to_shown @ [64, 64]
    # Half a pixel from index to centre, on both sides.
    matrix = np.column_stack([to_shown, origin + to_shown @ [0.5, 0.5] - 0.5])
    inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    expected = cv2.warpAffine(np.ascontiguousarray(shown), matrix, (128, 128), flags=inverse)
    inner = slice(32, 96), slice(32, 96)
    assert np.abs(crop[inner].astype(float) - expected[inner]).mean() < 2.5


@pytest.mark.parametrize("side", [700.0, 1000.0])
def test_a_fine_checkerboard_turns_grey_when_it_is_shrunk(side: float, frame_of: FrameOf) -> None:
    board = (np.indices((1100, 1100)).sum(axis=0) % 2 * 255).astype(np.uint8)
    frame = frame_of(np.repeat(board[..., None], 3, axis=2))
    crop = render_crop(frame, CropSquare(550, 550, side, 20), 128)
    inner = crop[32:96, 32:96].astype(float)
    assert abs(inner.mean() - 127.5) < 3
    assert inner.std() < 30


@pytest.mark.parametrize("side", [300.0, 360.0, 440.0, 470.0])
def test_a_shrunk_crop_is_what_many_samples_a_pixel_come_to(
    side: float, astronaut: Picture, frame_of: FrameOf
) -> None:
    frame, pose = frame_of(astronaut), CropSquare(256, 256, side, 12)
    many = render_crop(frame, pose, 8 * 128).astype(np.float32)
    ideal = cv2.resize(many, (128, 128), interpolation=cv2.INTER_AREA)
    off = render_crop(frame, pose, 128).astype(float) - ideal
    assert np.sqrt(np.mean(off**2)) < 3.6  # averaged to the size first: 5


def test_what_lies_outside_the_frame_is_reflected(astronaut: Picture, frame_of: FrameOf) -> None:
    picture = cv2.GaussianBlur(astronaut, (0, 0), 2)
    crop = render_crop(frame_of(picture), CropSquare(0, 256, 256, 0), 256)
    left, right = crop[:, :128].astype(float), crop[:, 128:].astype(float)
    assert np.abs(left[:, ::-1] - right).mean() < 2
    assert np.abs(right - picture[128:384, :128]).mean() < 2


@pytest.mark.parametrize(
    "pose",
    [
        CropSquare(2, 2, 4, 10),
        CropSquare(32, 24, 3000, 45),
        CropSquare(63, 47, 90, -170),
        CropSquare(0, 0, 30, 0),
    ],
)
@pytest.mark.parametrize("size", [32, 256])
def test_any_square_gives_a_crop_of_the_size_asked_for(
    pose: CropSquare, size: int, astronaut: Picture, frame_of: FrameOf
) -> None:
    crop = render_crop(frame_of(astronaut[:48, :64]), pose, size)
    assert crop.shape == (size, size, 3)
    assert crop.dtype == np.uint8


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(-50, 250),
    y=st.floats(-50, 150),
    side=st.floats(5, 300),
    roll=st.floats(-180, 180),
)
def test_the_share_outside_is_what_counting_points_gives(
    x: float, y: float, side: float, roll: float
) -> None:
    pose = CropSquare(x, y, side, roll)
    steps = (np.arange(200) + 0.5) / 200 - 0.5
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * side
    points = grid @ pose.rotation().T + [x, y]
    inside = ((points >= 0) & (points <= [200, 100])).all(axis=1).mean()
    assert share_outside(pose, Box(0, 0, 200, 100)) == pytest.approx(1 - inside, abs=0.02)
