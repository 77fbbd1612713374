from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.records import Box
from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Frame, Patch

Picture = NDArray[np.uint8]

FORMATS = ("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p")
SIZES = ((1, 1), (5, 3), (64, 48), (641, 361))
ASPECTS = (0.5, 1.0, 4 / 3, 2.0)


def make_frame(
    rgb: Picture,
    pixels: str = "yuv420p",
    *,
    turns: int = 0,
    aspect: float = 1.0,
    full: bool = False,
) -> Frame:
    """A frame of BT.601 planes, as a decoder gives it."""
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
        format=pixels, dst_colorspace="ITU601", dst_color_range="JPEG" if full else "MPEG"
    )
    picture.color_range = 2 if full else 1
    picture.colorspace = 5
    return Frame(
        index=0, pts=0, time_s=0, frame_type="I", picture=picture, turns=turns, aspect=aspect
    )


def shown(rgb: Picture, turns: int, aspect: float) -> Picture:
    """The picture as a player shows it."""
    height, width = rgb.shape[:2]
    size = round(width * max(1, aspect)), round(height * max(1, 1 / aspect))
    upright = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(np.rot90(upright, -turns))


def under(patch: Patch, whole: Picture) -> Picture:
    """What ``whole`` shows where the patch lies, pixel by pixel."""
    across, down = 1 / patch.scale_x, 1 / patch.scale_y
    matrix = np.array(
        [
            [across, 0, patch.left + across / 2 - 0.5],
            [0, down, patch.top + down / 2 - 0.5],
        ]
    )
    height, width = patch.pixels.shape[:2]
    return np.asarray(
        cv2.warpAffine(
            whole,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.fixture(scope="module")
def soft(astronaut: Picture) -> Callable[[int, int], Picture]:
    """A picture of any size, without detail that libraries interpolate each in its own way."""
    blurred = cv2.GaussianBlur(astronaut, (0, 0), 6)

    def make(width: int, height: int) -> Picture:
        if max(width, height) < 100:
            return blurred[200 : 200 + height, 100 : 100 + width]
        return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_AREA))

    return make


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("pixels", FORMATS)
def test_rgb_is_what_swscale_makes_of_the_whole_frame(
    pixels: str, size: tuple[int, int], soft: Callable[[int, int], Picture]
) -> None:
    frame = make_frame(soft(*size), pixels)
    whole = frame.picture.reformat(
        format="rgb24", src_colorspace="ITU601", src_color_range="MPEG"
    ).to_ndarray()
    assert difference(frame.rgb(frame.whole).pixels, whole) < 2.5


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("scale", [0.4, 1.0, 1.7])
def test_a_window_agrees_with_the_whole_frame_shown(
    turns: int, aspect: float, scale: float, soft: Callable[[int, int], Picture]
) -> None:
    picture = soft(641, 361)
    frame = make_frame(picture, turns=turns, aspect=aspect, full=True)
    whole = shown(picture, turns, aspect)
    assert (frame.width, frame.height) == (whole.shape[1], whole.shape[0])
    window = Box(frame.width * 0.31, frame.height * 0.22, frame.width * 0.7, frame.height * 0.83)
    patch = frame.rgb(window, scale)
    assert difference(patch.pixels, under(patch, whole)) < 2.5
    luma = frame.luma(window, scale)
    grey = cv2.cvtColor(whole, cv2.COLOR_RGB2GRAY)
    assert difference(luma.pixels, under(luma, np.asarray(grey))) < 1.5


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize(
    "window",
    [
        Box(-50, 20, 60, 130),
        Box(100, -40, 200, 60),
        Box(250, 50, 900, 150),
        Box(40, 150, 140, 700),
        Box(-1000, -1000, 1000, 1000),
        Box(-90, -90, 3, 3),
    ],
)
def test_what_lies_outside_the_frame_is_left_off(
    window: Box, turns: int, soft: Callable[[int, int], Picture]
) -> None:
    picture = soft(301, 203)
    frame = make_frame(picture, turns=turns, full=True)
    patch = frame.rgb(window)
    covered = patch.to_frame(Box(0, 0, patch.pixels.shape[1], patch.pixels.shape[0]))
    assert covered.left >= 0
    assert covered.top >= 0
    assert covered.right <= frame.width
    assert covered.bottom <= frame.height
    wanted = Box(
        max(0, window.left),
        max(0, window.top),
        min(frame.width, window.right),
        min(frame.height, window.bottom),
    )
    assert covered.left <= wanted.left
    assert covered.top <= wanted.top
    assert covered.right >= wanted.right
    assert covered.bottom >= wanted.bottom
    assert difference(patch.pixels, under(patch, shown(picture, turns, 1.0))) < 2.5


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_a_marked_place_is_found_again_in_the_frame(
    turns: int, aspect: float, scale: float
) -> None:
    picture = np.zeros((361, 641, 3), np.uint8)
    cv2.circle(picture, (402, 130), 9, (255, 255, 255), -1, cv2.LINE_AA)
    whole = shown(picture, turns, aspect)[..., 0].astype(float)
    frame = make_frame(picture, turns=turns, aspect=aspect, full=True)
    x, y = center_of_mass(whole)
    patch = frame.luma(Box(x - 40, y - 33, x + 45, y + 50), scale)
    px, py = center_of_mass(patch.pixels.astype(float))
    found = patch.to_frame(Box(px, py, px, py))
    assert (found.left, found.top) == pytest.approx((x, y), abs=0.5)


def center_of_mass(image: NDArray[np.float64]) -> tuple[float, float]:
    """In pixels from the image's corner."""
    rows, columns = np.indices(image.shape) + 0.5
    return float((columns * image).sum() / image.sum()), float((rows * image).sum() / image.sum())


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    window=st.tuples(*[st.floats(-60, 100)] * 4),
    scale=st.floats(0.05, 3),
    turns=st.integers(0, 3),
    aspect=st.sampled_from(ASPECTS),
    pixels=st.sampled_from(FORMATS),
)
def test_any_window_of_any_small_frame_gives_pixels_inside_it(
    size: tuple[int, int],
    window: tuple[float, float, float, float],
    scale: float,
    turns: int,
    aspect: float,
    pixels: str,
) -> None:
    frame = make_frame(
        np.full((size[1], size[0], 3), 90, np.uint8), pixels, turns=turns, aspect=aspect
    )
    left, right = sorted(window[:2])
    top, bottom = sorted(window[2:])
    patch = frame.rgb(Box(left, top, right, bottom), scale)
    covered = patch.to_frame(Box(0, 0, patch.pixels.shape[1], patch.pixels.shape[0]))
    assert covered.width > 0
    assert covered.height > 0
    assert -1 <= covered.left <= covered.right <= frame.width + 1
    assert -1 <= covered.top <= covered.bottom <= frame.height + 1
    assert np.abs(patch.pixels.astype(int) - 90).max() <= 2


@pytest.mark.parametrize("scale", [0.9, 0.5, 0.4, 0.23, 0.1])
def test_shrinking_keeps_a_slope_where_it_is(scale: float) -> None:
    slope = np.repeat(np.linspace(20, 235, 640)[None, :], 363, axis=0)
    frame = make_frame(np.repeat(slope[..., None], 3, axis=2).astype(np.uint8), full=True)
    patch = frame.luma(Box(101, 0, 541, 363), scale)
    across = patch.left + (np.arange(patch.pixels.shape[1]) + 0.5) / patch.scale_x
    there = 20 + (across - 0.5) / 639 * 215
    assert np.abs(patch.pixels - there).max() < 2


def test_shrinking_averages_so_that_a_checkerboard_turns_grey() -> None:
    board = np.kron(np.indices((180, 320)).sum(axis=0) % 2, np.ones((2, 2))) * 255
    frame = make_frame(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), full=True)
    patch = frame.luma(frame.whole, 0.23)
    assert np.abs(patch.pixels.astype(float) - 127.5).max() < 40
    assert patch.pixels.std() < 15


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (640, 360), (641, 361), (3, 500)])
def test_the_small_picture_has_the_frame_s_shape_and_a_fixed_longer_side(
    size: tuple[int, int], turns: int, soft: Callable[[int, int], Picture]
) -> None:
    frame = make_frame(soft(*size), turns=turns)
    small = frame.thumbnail(80)
    scale = 80 / max(frame.width, frame.height)
    high, wide = max(1, round(frame.height * scale)), max(1, round(frame.width * scale))
    assert small.shape == (high, wide, 3)
    assert max(small.shape[:2]) == 80


@pytest.mark.parametrize("full", [True, False])
def test_the_small_picture_is_of_full_range(full: bool) -> None:
    halves = np.zeros((90, 160, 3), np.uint8)
    halves[:, 80:] = 255
    small = make_frame(halves, full=full).thumbnail(80)
    assert small[:, :36, 0].max() == 0
    assert small[:, 44:, 0].min() == 255
    assert np.abs(small[..., 1:].astype(int) - 128).max() <= 1


@pytest.mark.parametrize("turns", range(4))
def test_the_small_picture_shows_what_the_frame_shows(
    turns: int, soft: Callable[[int, int], Picture]
) -> None:
    picture = soft(640, 360)
    small = make_frame(picture, turns=turns, full=True).thumbnail(80)
    whole = shown(picture, turns, 1.0)
    luma = cv2.cvtColor(
        cv2.resize(whole, small.shape[1::-1], interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    assert difference(small[..., 0], np.asarray(luma)) < 6


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_as_fine_as_a_pixel_of_the_small_picture_average_out(axis: int) -> None:
    dark = np.indices((360, 640))[axis] % 8 < 4
    picture = np.where(dark, 20, 220).astype(np.uint8)[..., None].repeat(3, axis=2)
    luma = make_frame(picture, full=True).thumbnail(80)[..., 0]
    assert np.abs(luma.astype(int) - 120).max() <= 2


def test_one_field_of_an_interlaced_picture_is_used(
    tmp_path: Path, write_film: Callable[..., Path]
) -> None:
    combed = np.zeros((96, 160, 3), np.uint8)
    combed[0::2, 40:60] = 220
    combed[1::2, 90:110] = 220
    path = write_film(
        tmp_path / "interlaced.mkv",
        [combed] * 2,
        options={"x264-params": "tff=1:qp=1", "preset": "ultrafast"},
    )
    with Decoder(path, 10**9) as decoder:
        frame = next(decoder.frames())
    assert frame.picture.interlaced_frame
    assert (frame.width, frame.height) == (160, 96)
    luma = frame.luma(frame.whole).pixels
    assert luma.shape == (96, 160)
    assert luma[:, 42:58].min() > 150
    assert luma[:, 92:108].max() < 60
    assert frame.thumbnail(160)[:, 92:108, 0].max() < 60


def test_memory_counts_every_plane(soft: Callable[[int, int], Picture]) -> None:
    assert make_frame(soft(640, 360), "yuv420p").nbytes >= 640 * 360 * 3 // 2
    assert make_frame(soft(640, 360), "yuv444p").nbytes >= 640 * 360 * 3
