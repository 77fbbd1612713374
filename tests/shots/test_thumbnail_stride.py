from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.shots.thumbnail_stride import with_thumbnails
from deepfake_dataset.video.frame import Frame

from ..conftest import FrameOf

pytestmark = pytest.mark.slow

Picture = NDArray[np.uint8]
BATCH = 24
LONGEST_GAP_S = 0.168


def filmed(pictures: Sequence[Picture], frame_of: FrameOf, fps: float = 25.0) -> list[Frame]:
    return [frame_of(picture, n, n / fps) for n, picture in enumerate(pictures)]


def looked_at(frames: Sequence[Frame]) -> list[int]:
    return [look.index for _, look in with_thumbnails(frames) if look]


@pytest.fixture(scope="module")
def shots(astronaut: Picture) -> list[Picture]:
    """Four pictures of 96 × 64 that have little in common."""
    turned = [np.rot90(astronaut, n) for n in range(4)]
    return [np.asarray(cv2.resize(picture, (96, 64)), dtype=np.uint8) for picture in turned]


@pytest.mark.parametrize(
    ("fps", "expected"),
    [(24, [0, 4, 8, 11]), (25, [0, 4, 8, 11]), (30, [0, 5, 10, 11]), (60, [0, 10, 11])],
)
def test_a_still_picture_is_looked_at_six_times_a_second(
    fps: float, expected: list[int], shots: list[Picture], frame_of: FrameOf
) -> None:
    assert looked_at(filmed(shots[:1] * 12, frame_of, fps)) == expected


def test_at_low_rates_every_frame_is_looked_at(shots: list[Picture], frame_of: FrameOf) -> None:
    assert looked_at(filmed(shots[:1] * 9, frame_of, fps=10)) == list(range(9))


def test_where_time_stands_still_some_frames_are_looked_at(
    shots: list[Picture], frame_of: FrameOf
) -> None:
    assert looked_at([frame_of(shots[0], n, 0.0) for n in range(20)]) == [0, 10, 19]


def test_the_last_frame_is_looked_at(shots: list[Picture], frame_of: FrameOf) -> None:
    assert looked_at(filmed(shots[:1] * 8, frame_of))[-1] == 7


@pytest.mark.parametrize("cut", [1, 2, 3, 10, 11, BATCH - 1, BATCH, BATCH + 1])
def test_both_sides_of_a_cut_are_looked_at(
    cut: int, shots: list[Picture], frame_of: FrameOf
) -> None:
    film = filmed(shots[:1] * cut + shots[1:2] * (40 - cut), frame_of)
    assert {cut - 1, cut} <= set(looked_at(film))


def test_a_small_step_of_light_is_looked_at(shots: list[Picture], frame_of: FrameOf) -> None:
    lit = np.clip(shots[0] * 1.1, 0, 255).astype(np.uint8)
    film = filmed([shots[0]] * 11 + [lit] * 11, frame_of)
    assert {10, 11} <= set(looked_at(film))


def test_while_the_picture_moves_every_frame_is_looked_at(
    astronaut: Picture, frame_of: FrameOf
) -> None:
    film = [astronaut[8 * n : 8 * n + 128, :192] for n in range(20)]
    assert looked_at(filmed(film, frame_of)) == list(range(20))


def test_between_looks_that_are_alike_none_is_looked_at(
    shots: list[Picture], frame_of: FrameOf
) -> None:
    film = filmed(shots[:1] * 16 + shots[1:2] * 16, frame_of, fps=60)
    assert looked_at(film) == [0, 10, 15, 16, 17, 18, 20, 30, 31]


def test_a_picture_of_another_size_is_another_picture(
    shots: list[Picture], frame_of: FrameOf
) -> None:
    upright = np.ascontiguousarray(shots[0].transpose(1, 0, 2))
    assert {10, 11} <= set(looked_at(filmed([shots[0]] * 11 + [upright] * 11, frame_of)))


def test_no_frames_are_no_looks() -> None:
    assert list(with_thumbnails([])) == []


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(8, 40), min_size=1, max_size=5),
    steps_s=st.lists(st.sampled_from([1 / 60, 1 / 30, 0.04, 0.1, 1.0]), min_size=1, max_size=7),
)
def test_frames_pass_in_order_and_no_lasting_change_goes_unseen(
    lengths: list[int], steps_s: list[float], shots: list[Picture], frame_of: FrameOf
) -> None:
    which = [n % 4 for n, length in enumerate(lengths) for _ in range(length)]
    times = np.cumsum([steps_s[n % len(steps_s)] for n in range(len(which))])
    frames = [
        frame_of(shots[shot], n, float(time_s))
        for n, (shot, time_s) in enumerate(zip(which, times, strict=True))
    ]
    passed = list(with_thumbnails(frames))
    assert [frame for frame, _ in passed] == frames
    looks = [look for _, look in passed if look]
    assert all(look.index == frame.index for frame, look in passed if look)
    for before, after in pairwise(looks):
        assert after.index == before.index + 1 or after.time_s - before.time_s <= LONGEST_GAP_S
        assert after.index == before.index + 1 or which[after.index] == which[before.index]
