"""Augmentation changes what it is asked to, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.augmentation import augment
from deepfake_dataset.baseline.data.self_blended_fakes import self_blend
from deepfake_dataset.baseline.training.recipes import RECIPES, Recipe

PLAIN = Recipe()


def _face(side: int = 100) -> NDArray[np.uint8]:
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    return np.stack([x * 2, y * 2, (x + y) % 256], axis=2).astype(np.uint8)


def _augmented(recipe: Recipe, seed: int = 0, side: int = 100) -> NDArray[np.uint8]:
    return augment(_face(), side, recipe, np.random.default_rng(seed))


def test_a_recipe_without_augmentation_leaves_the_image_alone() -> None:
    np.testing.assert_array_equal(_augmented(PLAIN), _face())


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_seed_gives_the_same_image_of_the_size_wanted(name: str) -> None:
    recipe = RECIPES[name]
    face = _face()[..., 0] if recipe.levelled else _face()
    once, again = (augment(face, 64, recipe, np.random.default_rng(5)) for _ in range(2))
    assert once.shape == (64, 64, *face.shape[2:])
    assert once.dtype == np.uint8
    np.testing.assert_array_equal(once, again)


def test_a_flip_is_a_mirror_image() -> None:
    flipped = {_augmented(replace(PLAIN, flip=True), seed).tobytes() for seed in range(20)}
    assert flipped == {_face().tobytes(), _face()[:, ::-1].tobytes()}


def test_grey_images_have_three_equal_channels() -> None:
    grey = _augmented(replace(PLAIN, grey=1.0))
    np.testing.assert_array_equal(grey[..., 0], grey[..., 1])
    luma = _face() @ [0.299, 0.587, 0.114]
    assert np.abs(grey[..., 0] - luma).max() <= 1


def test_hue_and_saturation_keep_grey_grey() -> None:
    image = np.full((8, 8, 3), 120, np.uint8)
    recipe = replace(PLAIN, hue_deg=180, saturation=0.9)
    for seed in range(20):
        out = augment(image, 8, recipe, np.random.default_rng(seed))
        assert np.abs(out.astype(int) - 120).max() <= 1


@pytest.mark.parametrize("name", ["jpeg", "noise", "self_blend"])
def test_luma_is_augmented_as_colour_is(name: str) -> None:
    """Grey comes back grey, with two dimensions, and changed alike."""
    luma = np.random.default_rng(0).integers(90, 160, (64, 64), dtype=np.uint8)
    recipe = replace(PLAIN, **{name: 1.0} if name != "noise" else {name: 20.0})
    changed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        face = self_blend(luma, rng) if recipe.self_blend else luma
        out = augment(face, 64, recipe, rng)
        assert out.shape == luma.shape
        assert abs(float(out.mean()) - float(luma.mean())) < 25
        changed += not np.array_equal(out, luma)
    assert changed >= (1 if name == "noise" else 10)  # three images in ten get noise


def test_luma_has_no_colour_to_change() -> None:
    luma = _face()[..., 0]
    recipe = replace(PLAIN, hue_deg=15, saturation=0.5, grey=0.2)
    np.testing.assert_array_equal(augment(luma, 100, recipe, np.random.default_rng(0)), luma)


def test_zoom_about_the_middle_keeps_the_middle() -> None:
    image = np.zeros((101, 101, 3), np.uint8)
    image[48:53, 48:53] = 255
    for seed in range(20):
        recipe = replace(PLAIN, zoom=0.2, rotate_deg=15, flip=True)
        out = augment(image, 101, recipe, np.random.default_rng(seed))[..., 0].astype(float)
        rows, columns = np.indices(out.shape)
        assert (out * rows).sum() / out.sum() == pytest.approx(50, abs=0.1)
        assert (out * columns).sum() / out.sum() == pytest.approx(50, abs=0.1)


def test_shrinking_takes_detail_away() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    recipe = replace(PLAIN, smallest_px=16)
    detail = [
        np.abs(np.diff(augment(noise, 128, recipe, np.random.default_rng(s)).astype(int))).mean()
        for s in range(20)
    ]
    assert min(detail) < 0.5 * np.abs(np.diff(noise.astype(int))).mean()
