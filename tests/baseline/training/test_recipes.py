"""Every number of a recipe can be set, and nothing else."""

from dataclasses import fields

import pytest

from deepfake_dataset.baseline.training.recipes import RECIPES, Recipe, recipe
from deepfake_dataset.errors import RecipeError


def test_numbers_are_set_by_name() -> None:
    made = recipe("best", ["epochs=3", "flip=false", "zoom=0.1", "model=notebook"])
    assert (made.epochs, made.flip, made.zoom, made.model) == (3, False, 0.1, "notebook")


@pytest.mark.parametrize("name", [f.name for f in fields(Recipe)])
def test_every_number_of_every_recipe_can_be_set(name: str) -> None:
    for known in RECIPES.values():
        assert recipe("best", [f"{name}={getattr(known, name)}"])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("epoch=3", "did you mean epochs"),
        ("epochs", "did you mean epochs"),
        ("epochs=many", "a whole number"),
        ("flip=perhaps", "true or false"),
        ("epochs=0", "from 1"),
        ("jpeg=1.5", "from 0 to 1"),
        ("zoom=1", "below 1"),
        ("zoom=nan", "below 1"),
        ("loss=hinge", "crossentropy"),
        ("accumulate=5", "divisor"),
    ],
)
def test_what_cannot_be_is_an_error_with_a_hint(text: str, problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe("best", [text])
    assert problem in f"{caught.value} {caught.value.hint}"


def test_an_unknown_recipe_is_an_error() -> None:
    with pytest.raises(RecipeError, match="no recipe worst"):
        recipe("worst")


def test_the_paper_trains_batches_of_356() -> None:
    assert (RECIPES["paper"].batch, RECIPES["paper"].learning_rate) == (356, 1e-3)
    assert RECIPES["best"].model == "meso4"
