import gc
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.records import Box, Cause
from deepfake_dataset.shots.scene_detector import Boundary, SceneDetector, ShrunkFrame
from deepfake_dataset.shots.thumbnail import Thumbnail

pytestmark = pytest.mark.slow

Rgb = NDArray[np.uint8]

FPS = 25
SIZE = (160, 90)
BLACK = np.zeros((90, 160, 3), np.uint8)
WHITE = np.full((90, 160, 3), 255, np.uint8)


def shot(seed: int, size: tuple[int, int] = SIZE) -> Rgb:
    """A picture with large and small forms, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), rng.integers(60, 160), np.uint8)
    for side in (60, 30, 15):
        for _ in range(12):
            x, y = int(rng.integers(0, size[0])), int(rng.integers(0, size[1]))
            colour = [int(level) for level in rng.integers(20, 210, 3)]
            cv2.ellipse(picture, (x, y), (side // 2, side // 3), 30, 0, 360, colour, -1)
    return picture


def lit(picture: Rgb, gain: float = 1.0, gamma: float = 1.0, warmth: float = 1.0) -> Rgb:
    levels = np.arange(256)[:, None] / 255
    factors = gain * np.array([warmth, 1.0, 1 / warmth])
    table = 255 * np.clip(factors * levels**gamma, 0, 1)
    return np.asarray(cv2.LUT(picture, np.rint(table).astype(np.uint8)[None]))


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    return np.asarray(cv2.addWeighted(a, 1 - share, b, share, 0))


def shaken(pictures: Iterable[Rgb]) -> list[Rgb]:
    """Every picture with a grain of its own, as a camera gives it."""
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 2, (4, 200, 200, 1))
    return [
        np.clip(picture + grain[i % 4, : picture.shape[0], : picture.shape[1]], 0, 255).astype(
            np.uint8
        )
        for i, picture in enumerate(pictures)
    ]


def small(index: int, time_s: float, picture: Rgb) -> ShrunkFrame:
    yuv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))[..., [0, 2, 1]]
    return ShrunkFrame(index, time_s, np.ascontiguousarray(yuv))


def scenes_of(
    pictures: Sequence[Rgb], times: Sequence[float] | None = None, region: Box | None = None
) -> list[Boundary]:
    detector, found = SceneDetector(), []
    detector.watch(region)
    for index, picture in enumerate(shaken(pictures)):
        time_s = index / FPS if times is None else times[index]
        found += detector.push(small(index, time_s, picture))
    return found + detector.finish()


def events(boundaries: list[Boundary]) -> list[tuple[int, Cause]]:
    return [(boundary.frame, boundary.cause) for boundary in boundaries]


def test_a_cut_is_an_angle_change_at_the_first_frame_of_the_new_shot() -> None:
    assert events(scenes_of([shot(1)] * 40 + [shot(2)] * 40)) == [(40, Cause.ANGLE)]


def test_a_cut_near_the_end_is_found() -> None:
    assert events(scenes_of([shot(1)] * 40 + [shot(2)] * 5)) == [(40, Cause.ANGLE)]


LIGHTS = [
    {"gain": 0.7},
    {"gain": 1.3},
    {"gamma": 0.7},
    {"gamma": 1.5},
    {"warmth": 0.85},
    {"warmth": 1.2},
]


@pytest.mark.parametrize("light", LIGHTS, ids=str)
def test_a_step_of_light_is_found_at_its_frame(light: dict[str, float]) -> None:
    found = scenes_of([shot(1)] * 50 + [lit(shot(1), **light)] * 50)
    assert events(found) == [(50, Cause.LIGHT)]


@pytest.mark.parametrize("seconds", [0.6, 1.5, 3.0])
def test_a_slow_change_of_light_is_one_boundary_at_its_middle(seconds: float) -> None:
    length = round(seconds * FPS)
    ramp = [lit(shot(1), gain=1 - 0.4 * i / length) for i in range(length)]
    found = scenes_of([shot(1)] * 50 + ramp + [lit(shot(1), gain=0.6)] * 60)
    assert [boundary.cause for boundary in found] == [Cause.LIGHT]
    assert abs(found[0].frame - (50 + length / 2)) <= FPS / 2


def test_a_cut_into_another_light_is_an_angle_change_only() -> None:
    found = scenes_of([shot(1)] * 50 + [lit(shot(2), gain=0.6)] * 60)
    assert events(found) == [(50, Cause.ANGLE)]


@pytest.mark.parametrize("length", [1, 3, 8])
def test_a_flash_does_not_split_a_scene(length: int) -> None:
    assert scenes_of([shot(1)] * 40 + [mixed(shot(1), WHITE, 0.8)] * length + [shot(1)] * 60) == []


@pytest.mark.parametrize("veil", [BLACK, WHITE], ids=["black", "white"])
@pytest.mark.parametrize("length", [10, 30])
def test_a_fade_and_back_does_not_split_a_scene(veil: Rgb, length: int) -> None:
    out = [mixed(shot(1), veil, i / length) for i in range(length)]
    assert scenes_of([shot(1)] * 40 + out + [veil] * 10 + out[::-1] + [shot(1)] * 60) == []


@pytest.mark.parametrize("veil", [BLACK, WHITE], ids=["black", "white"])
def test_a_fade_into_another_shot_is_one_angle_change(veil: Rgb) -> None:
    out = [mixed(shot(1), veil, i / 15) for i in range(15)]
    back = [mixed(veil, shot(2), i / 15) for i in range(15)]
    found = scenes_of([shot(1)] * 40 + out + [veil] * 6 + back + [shot(2)] * 50)
    assert [boundary.cause for boundary in found] == [Cause.ANGLE]
    assert 55 <= found[0].frame <= 62


@pytest.mark.parametrize("length", [8, 15, 40])
def test_a_dissolve_is_one_angle_change_near_its_middle(length: int) -> None:
    mix = [mixed(shot(1), shot(2), (i + 1) / (length + 1)) for i in range(length)]
    found = scenes_of([shot(1)] * 50 + mix + [shot(2)] * 60)
    assert [boundary.cause for boundary in found] == [Cause.ANGLE]
    assert abs(found[0].frame - (50 + length / 2)) <= length / 4 + 1


@pytest.mark.parametrize("length", [1, 2, 8, 15])
def test_frames_that_show_both_shots_are_told(length: int) -> None:
    mix = [mixed(shot(1), shot(2), (i + 1) / (length + 1)) for i in range(length)]
    found = scenes_of([shot(1)] * 50 + mix + [shot(2)] * 60)
    assert len(found) == 1
    blend = found[0].blend
    assert abs(blend.start - 50) <= 1
    # A dissolve is known for one before it has quite ended.
    assert abs(blend.stop - 50 - length) <= length / 4


def test_at_a_sharp_cut_no_frame_shows_both_shots() -> None:
    found = scenes_of([shot(1)] * 40 + [shot(2)] * 40)
    assert len(found[0].blend) == 0


def test_a_hard_cut_out_of_black_begins_the_scene_there() -> None:
    out = [mixed(shot(1), BLACK, i / 10) for i in range(10)]
    found = scenes_of([shot(1)] * 40 + out + [BLACK] * 10 + [shot(2)] * 50)
    assert events(found) == [(60, Cause.ANGLE)]


def test_a_hard_cut_to_black_ends_the_scene_there() -> None:
    back = [mixed(BLACK, shot(2), i / 15) for i in range(15)]
    found = scenes_of([shot(1)] * 40 + [BLACK] * 10 + back + [shot(2)] * 50)
    assert events(found) == [(40, Cause.ANGLE)]


def test_a_pan_is_one_scene() -> None:
    wide = np.hstack([shot(seed) for seed in range(3)])
    assert scenes_of([wide[:, 3 * i : 3 * i + 160] for i in range(100)]) == []


def test_a_zoom_is_one_scene() -> None:
    large = cv2.resize(shot(1), (640, 360))

    def view(i: int) -> Rgb:
        width, height = 640 - 4 * i, 360 - 9 * i // 4
        left, top = (640 - width) // 2, (360 - height) // 2
        part = large[top : top + height, left : left + width]
        return np.asarray(cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA))

    assert scenes_of([view(i) for i in range(100)]) == []


def test_an_object_that_passes_does_not_split_a_scene() -> None:
    def crossed(i: int) -> Rgb:
        picture = shot(1).copy()
        left = 12 * (i - 40) - 60
        picture[:, max(0, left) : max(0, left + 60)] = 30
        return picture

    assert scenes_of([crossed(i) for i in range(100)]) == []


def test_a_picture_in_the_picture_may_change() -> None:
    def with_inset(seed: int) -> Rgb:
        picture = shot(1).copy()
        picture[8:44, 10:74] = cv2.resize(shot(seed), (64, 36), interpolation=cv2.INTER_AREA)
        return picture

    assert scenes_of([with_inset(2)] * 50 + [with_inset(3)] * 50) == []


def test_flicker_is_no_change_of_light() -> None:
    assert scenes_of([lit(shot(1), gain=1 + 0.05 * np.sin(i / 2)) for i in range(150)]) == []


@pytest.mark.parametrize("picture", [BLACK, shot(1)], ids=["black", "still"])
def test_what_stays_as_it_is_is_one_scene(picture: Rgb) -> None:
    assert scenes_of([picture] * 150) == []


def test_no_frame_and_one_frame_are_no_boundary() -> None:
    assert SceneDetector().finish() == []
    assert scenes_of([shot(1)]) == []


@pytest.mark.parametrize("size", [(160, 1), (1, 160), (160, 160), (2, 2), (1, 1)])
def test_any_size_is_taken(size: tuple[int, int]) -> None:
    assert len(scenes_of([shot(1, size)] * 30 + [shot(2, size)] * 30)) <= 1


def test_a_stream_may_change_its_size() -> None:
    found = scenes_of([shot(1)] * 40 + [np.asarray(cv2.resize(shot(1), (160, 120)))] * 40)
    assert [boundary for boundary in found if boundary.cause is Cause.LIGHT] == []


def test_black_bars_do_not_hide_a_cut() -> None:
    def barred(picture: Rgb) -> Rgb:
        picture = picture.copy()
        picture[:12], picture[-12:] = 0, 0
        return picture

    pictures = [barred(shot(1))] * 40 + [barred(shot(2))] * 40
    assert events(scenes_of(pictures)) == [(40, Cause.ANGLE)]


def test_durations_are_seconds_whatever_the_frame_rate_does() -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.choice([0.02, 0.04, 0.1], 160)).tolist()
    pictures = [shot(1)] * 50 + [shot(2)] * 60 + [lit(shot(2), gain=0.6)] * 50
    assert events(scenes_of(pictures, times)) == [(50, Cause.ANGLE), (110, Cause.LIGHT)]


def test_times_are_those_of_the_frames() -> None:
    times = [10 + index / 30 for index in range(90)]
    assert scenes_of([shot(1)] * 45 + [shot(2)] * 45, times)[0].time_s == times[45]


@pytest.mark.parametrize("after", [shot(2), lit(shot(1), gain=0.6)], ids=["angle", "light"])
def test_a_sudden_boundary_is_reported_within_two_seconds(after: Rgb) -> None:
    detector = SceneDetector()
    pictures = shaken([shot(1)] * 50 + [after] * 100)
    reported = [i for i, p in enumerate(pictures) if detector.push(small(i, i / FPS, p))]
    assert len(reported) == 1
    assert reported[0] <= 50 + 2 * FPS


def test_the_shortest_scene_is_as_long_as_asked() -> None:
    pictures = [shot(1)] * 50 + [shot(2)] * 20 + [shot(3)] * 60
    assert len(scenes_of(pictures)) == 2
    detector, found = SceneDetector(min_scene_s=1.0), []
    for index, picture in enumerate(shaken(pictures)):
        found += detector.push(small(index, index / FPS, picture))
    assert len(found) == 1


FACE = Box(0.35, 0.3, 0.65, 0.7)


def part_lit(inside: float, outside: float) -> Rgb:
    picture = lit(shot(1), gain=outside)
    picture[4:86, 30:130] = lit(shot(1), gain=inside)[4:86, 30:130]
    return picture


def test_light_is_judged_by_the_face_where_it_is_known() -> None:
    background = [shot(1)] * 50 + [part_lit(1.0, 0.6)] * 60
    face = [shot(1)] * 50 + [part_lit(0.6, 1.0)] * 60
    assert scenes_of(background, region=FACE) == []
    assert events(scenes_of(face, region=FACE)) == [(50, Cause.LIGHT)]


def test_light_that_misses_half_of_the_face_is_told_by_the_rest() -> None:
    def half_shaded(gain: float) -> Rgb:
        picture = lit(shot(1), gain=gain)
        picture[9:81, 32:80] = shot(1)[9:81, 32:80]
        return picture

    found = scenes_of([half_shaded(1.0)] * 50 + [half_shaded(0.6)] * 60, region=FACE)
    assert events(found) == [(50, Cause.LIGHT)]


def panned(index: int, gain: float = 1.0) -> Rgb:
    return lit(shot(1, (400, 90))[:, 2 * index : 2 * index + SIZE[0]], gain=gain)


def test_a_step_of_light_is_found_while_the_camera_pans() -> None:
    found = scenes_of([panned(i, 1.0 if i < 50 else 0.6) for i in range(110)])
    assert events(found) == [(50, Cause.LIGHT)]


def test_a_flash_while_the_camera_pans_does_not_split_a_scene() -> None:
    assert scenes_of([panned(i, 1.6 if 50 <= i < 60 else 1.0) for i in range(110)]) == []


@pytest.mark.parametrize("tone", [(210, 170, 150), (40, 30, 30)])
def test_a_head_that_comes_nearer_is_no_change_of_light(tone: tuple[int, int, int]) -> None:
    def leaning(share: float) -> Rgb:
        size = round(16 + 22 * share), round(20 + 28 * share)
        return np.asarray(cv2.ellipse(shot(1), (80, 45), size, 0, 0, 360, tone, -1))

    leans = [leaning(i / 40) for i in range(40)]
    pictures = [leaning(0)] * 60 + leans + [leaning(1)] * 80
    assert scenes_of(pictures, region=Box(0.4, 0.28, 0.6, 0.72)) == []


def test_memory_does_not_grow_with_the_video() -> None:
    detector = SceneDetector()
    for index in range(2000):
        detector.push(small(index, index / FPS, shot(1)))
    assert sum(isinstance(one, Thumbnail) for one in gc.get_objects()) < 300


PARTS: dict[str, Callable[[Rgb], Rgb]] = {
    "plain": lambda picture: picture,
    "dark": lambda picture: lit(picture, gain=0.5),
    "warm": lambda picture: lit(picture, warmth=1.3),
    "black": np.zeros_like,
    "white": lambda picture: np.full_like(picture, 255),
    "mirrored": lambda picture: np.ascontiguousarray(picture[:, ::-1]),
}


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(sorted(PARTS)), st.integers(1, 40)),
        min_size=1,
        max_size=6,
    ),
    step_s=st.sampled_from([0.0, 0.01, 0.04, 0.2, 3.0]),
    min_scene_s=st.sampled_from([0.1, 0.6, 2.0]),
)
def test_boundaries_rise_inside_the_video_and_keep_their_distance(
    parts: list[tuple[int, str, int]], step_s: float, min_scene_s: float
) -> None:
    pictures = [PARTS[name](shot(seed)) for seed, name, length in parts for _ in range(length)]
    detector, found = SceneDetector(min_scene_s), []
    for index, picture in enumerate(shaken(pictures)):
        found += detector.push(small(index, index * step_s, picture))
    found += detector.finish()
    starts = [0.0, *(boundary.time_s for boundary in found)]
    assert all(0 < boundary.frame < len(pictures) for boundary in found)
    assert all(boundary.time_s == boundary.frame * step_s for boundary in found)
    assert all(b - a >= min_scene_s - 1e-9 for a, b in pairwise(starts))


@settings(max_examples=40, deadline=None)
@given(
    gain=st.floats(0.4, 1.8),
    gamma=st.floats(0.5, 2.0),
    warmth=st.floats(0.7, 1.4),
    length=st.sampled_from([0, 1, 10, 60]),
    seed=st.integers(0, 100),
)
def test_no_light_is_taken_for_another_angle(
    gain: float, gamma: float, warmth: float, length: int, seed: int
) -> None:
    picture = shot(seed)
    ramp = [
        lit(picture, 1 + (gain - 1) * s, 1 + (gamma - 1) * s, 1 + (warmth - 1) * s)
        for s in np.linspace(0, 1, length)
    ]
    found = scenes_of([picture] * 40 + ramp + [lit(picture, gain, gamma, warmth)] * 60)
    assert [boundary for boundary in found if boundary.cause is Cause.ANGLE] == []
    assert len(found) <= 1
