"""The learning-rate schedule: the rate of each update."""

import math

from deepfake_dataset.baseline.training.recipes import Recipe

_WARM_UP = 0.05
"""Share of a cosine's updates in which the rate rises from 0."""
_LAST = 0.01
"""Where a cosine ends, over where it began."""
_DECADE, _FLOOR = 1000, 1e-6
"""Updates between divisions by ten, and the lowest rate (the report that this follows)."""


def scheduled_rate(recipe: Recipe, update: int, updates: int) -> float:
    """Learning rate of an update, counted from 0, of all the updates there are to be."""
    if recipe.schedule == "decades":
        return max(
            min(_FLOOR, recipe.learning_rate), recipe.learning_rate * 0.1 ** (update // _DECADE)
        )
    if recipe.schedule == "constant":
        return recipe.learning_rate
    warm_up = _WARM_UP * updates
    if update < warm_up:
        return recipe.learning_rate * (update + 1) / (warm_up + 1)
    done = (update - warm_up) / max(1.0, updates - warm_up)
    return recipe.learning_rate * (_LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2)
