import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.video import colour

BT709, BT601, BT2020 = 1, 6, 9
WEIGHTS = {BT709: (0.2126, 0.0722), BT601: (0.299, 0.114), BT2020: (0.2627, 0.0593)}
LEVEL = st.integers(0, 255)


def exact_rgb(y: float, u: float, v: float, code: int, full: bool) -> list[float]:
    """ITU-R BT.601, 709 and 2020 solved for R, G and B, from levels of 0 to 255."""
    red, blue = WEIGHTS[code]
    luma = y / 255 if full else (y - 16) / 219
    to_blue, to_red = ((c - 128) / (255 if full else 224) for c in (u, v))
    r = luma + 2 * (1 - red) * to_red
    b = luma + 2 * (1 - blue) * to_blue
    g = (luma - red * r - blue * b) / (1 - red - blue)
    return [min(255.0, max(0.0, 255 * channel)) for channel in (r, g, b)]


@given(LEVEL, LEVEL, LEVEL, st.sampled_from(sorted(WEIGHTS)), st.booleans())
def test_rgb_is_within_a_level_of_the_exact_formula(
    y: int, u: int, v: int, code: int, full: bool
) -> None:
    rgb = colour.to_rgb(np.array([[[y, u, v]]], dtype=np.uint8), code, full)
    assert np.abs(rgb[0, 0] - np.array(exact_rgb(y, u, v, code, full))).max() <= 1


@pytest.mark.parametrize("code", sorted(WEIGHTS))
@pytest.mark.parametrize(("full", "black", "white"), [(True, 0, 255), (False, 16, 235)])
def test_black_and_white_are_black_and_white(code: int, full: bool, black: int, white: int) -> None:
    yuv = np.array([[[black, 128, 128], [white, 128, 128]]], dtype=np.uint8)
    assert colour.to_rgb(yuv, code, full).tolist() == [[[0, 0, 0], [255, 255, 255]]]


@given(LEVEL, LEVEL, LEVEL, st.sampled_from(sorted(WEIGHTS)))
def test_the_full_range_picture_has_the_colour_of_the_limited_one(
    y: int, u: int, v: int, code: int
) -> None:
    limited = np.array([[[y, u, v]]], dtype=np.uint8)
    stretched = colour.to_full_range(limited)
    if 16 <= y <= 235 and all(16 <= chroma <= 240 for chroma in (u, v)):
        direct = colour.to_rgb(limited, code, False).astype(int)
        assert np.abs(colour.to_rgb(stretched, code, True) - direct).max() <= 2


def test_a_known_matrix_is_used_whatever_the_height() -> None:
    assert colour.matrix_for(BT2020, 240) == BT2020
    assert colour.matrix_for(BT601, 2160) == BT601


@pytest.mark.parametrize("unknown", [0, 2, 3, 8, 99, -1])
def test_an_unknown_matrix_is_that_of_the_picture_s_size(unknown: int) -> None:
    assert colour.matrix_for(unknown, 719) == BT601
    assert colour.matrix_for(unknown, 720) == BT709
