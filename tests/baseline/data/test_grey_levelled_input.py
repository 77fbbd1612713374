"""Levelled faces do not show how they were lit."""

import numpy as np
import pytest

from deepfake_dataset.baseline.data.grey_levelled_input import level_luma


def test_levelled_faces_do_not_show_how_they_were_lit() -> None:
    y, x = np.mgrid[:100, :100]
    lit = (60 + 40 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    brighter = (lit * 1.8 + 30).astype(np.uint8)
    one, other = (level_luma(luma).astype(int) for luma in (lit, brighter))
    assert np.abs(one - other).max() <= 12
    middle = one[25:75, 25:75]
    assert middle.mean() == pytest.approx(115, abs=1)
    assert 35 < middle.std() < 50


def test_a_flat_picture_stays_flat() -> None:
    assert np.ptp(level_luma(np.full((64, 64), 200, np.uint8))) == 0
