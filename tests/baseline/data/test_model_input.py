"""A network is shown faces of one size, and of one light where its recipe says so."""

import numpy as np
import pytest

from deepfake_dataset.baseline.data.model_input import levelled, resize_to_model


def test_levelled_faces_do_not_show_how_they_were_lit() -> None:
    y, x = np.mgrid[:100, :100]
    lit = (60 + 40 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    brighter = (lit * 1.8 + 30).astype(np.uint8)
    one, other = (levelled(luma).astype(int) for luma in (lit, brighter))
    assert np.abs(one - other).max() <= 12
    middle = one[25:75, 25:75]
    assert middle.mean() == pytest.approx(115, abs=1)
    assert 35 < middle.std() < 50


def test_a_flat_picture_stays_flat() -> None:
    assert np.ptp(levelled(np.full((64, 64), 200, np.uint8))) == 0


def test_nearest_takes_the_pixels_that_pillow_takes() -> None:
    import PIL.Image

    for side, target in ((410, 256), (90, 256), (256, 256)):
        image = np.random.default_rng(side).integers(0, 256, (side, side, 3), dtype=np.uint8)
        ours = resize_to_model(image, target, target, nearest=True)
        theirs = PIL.Image.fromarray(image).resize((target, target), PIL.Image.Resampling.NEAREST)
        np.testing.assert_array_equal(ours, np.asarray(theirs))
