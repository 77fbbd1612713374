"""Balances the classes of every batch, and how often faces of large groups come."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.training.recipes import Recipe


def balanced_faces(
    examples: Examples, recipe: Recipe, count: int, rng: np.random.Generator
) -> Iterator[tuple[int, bool]]:
    """Forged and real in turn; in each class, groups by their weight, then a face of the group."""
    fakes, reals = (_pick(examples, label, recipe, count, rng) for label in (0, 1))
    models = _pick(examples, 1, recipe, count, rng)
    forge = rng.random(count) < recipe.self_blend
    for n in range(count):
        if n % 2:
            yield int(reals[n]), False
        else:
            yield int(models[n] if forge[n] else fakes[n]), bool(forge[n])


def _pick(
    examples: Examples, label: int, recipe: Recipe, count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    rows = np.flatnonzero(examples.label == label)
    _, group, sizes = np.unique(examples.group[rows], return_inverse=True, return_counts=True)
    weight = sizes[group] ** (recipe.group_power - 1)
    return rows[rng.choice(len(rows), size=count, p=weight / weight.sum())]
