import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.demo.camera import Hand, Move, Pose, expose, to_frame

NOISE = np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)

poses = st.builds(
    Pose, st.floats(0, 500), st.floats(0, 500), st.floats(50, 1000), st.floats(-20, 20)
)


def _place(pose: Pose, point: tuple[float, float], *, mirrored: bool = False) -> np.ndarray:
    return to_frame(pose, (640, 360), mirrored=mirrored) @ [*point, 1]


@given(poses, st.booleans())
def test_what_the_camera_looks_at_is_the_middle_of_the_frame(pose: Pose, mirrored: bool) -> None:
    assert _place(pose, (pose.x, pose.y), mirrored=mirrored) == pytest.approx([319.5, 179.5])


@given(poses)
def test_the_width_of_a_pose_fills_the_frame(pose: Pose) -> None:
    turn = np.radians(pose.roll_deg)
    right = np.array([np.cos(turn), np.sin(turn)]) * pose.width / 2
    left_edge = _place(pose, (pose.x - right[0], pose.y - right[1]))
    assert left_edge == pytest.approx([-0.5, 179.5], abs=1e-6)


@given(poses, st.floats(0, 500), st.floats(0, 500))
def test_a_mirrored_frame_is_the_frame_mirrored(pose: Pose, x: float, y: float) -> None:
    plain, mirrored = _place(pose, (x, y)), _place(pose, (x, y), mirrored=True)
    assert mirrored == pytest.approx([639 - plain[0], plain[1]], abs=1e-6)


def test_a_photograph_seen_whole_is_itself() -> None:
    assert np.array_equal(expose(NOISE, Pose(79.5, 59.5, 160), (160, 120)), NOISE)


def test_fine_detail_is_blurred_before_it_is_shrunk() -> None:
    stripes = np.zeros((240, 320, 3), np.uint8)
    stripes[:, ::2] = 255
    shown = expose(stripes, Pose(159.5, 119.5, 320), (40, 30))
    assert shown.std() < 5
    assert shown.mean() == pytest.approx(127.5, abs=2)


@given(poses, poses)
def test_a_move_starts_and_ends_where_it_says(start: Pose, end: Pose) -> None:
    move = Move(start, end)
    assert move.at(0) == start
    assert move.at(1).width == pytest.approx(end.width)
    assert (move.at(1).x, move.at(1).y) == pytest.approx((end.x, end.y))


@given(poses, st.floats(0, 60), st.integers(0, 99))
def test_a_hand_trembles_a_little_and_smoothly(pose: Pose, time_s: float, seed: int) -> None:
    hand = Hand(np.random.default_rng(seed))
    held, next_frame = hand.hold(pose, time_s), hand.hold(pose, time_s + 0.04)
    assert abs(held.x - pose.x) < 0.005 * pose.width
    assert abs(held.roll_deg - pose.roll_deg) < 0.5
    assert abs(next_frame.x - held.x) < 0.0015 * pose.width
