"""The order of faces in an epoch, and how classes and groups are balanced in it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.training.recipes import Recipe


@dataclass(frozen=True, slots=True)
class EpochFace:
    """One face to train on."""

    row: int
    seed: tuple[int, int, int]
    """Of everything that is drawn for its augmentation."""
    forge: bool = False
    """Whether a real face is to be forged on the spot."""


def updates_per_epoch(examples: Examples, recipe: Recipe) -> int:
    """Updates an epoch: each shows as many faces as there are, but for what fills no batch."""
    return max(1, len(examples) // recipe.batch)


def epoch_order(examples: Examples, recipe: Recipe, epoch: int) -> Iterator[EpochFace]:
    """The faces of an epoch in their order, as many as fill its updates; epochs count from 0."""
    rng = np.random.default_rng((recipe.seed, epoch))
    count = updates_per_epoch(examples, recipe) * recipe.batch
    balanced = recipe.balance_classes
    drawn = _balanced(examples, recipe, count, rng) if balanced else _in_turn(examples, count, rng)
    for place, (row, forge) in enumerate(drawn):
        yield EpochFace(row, (recipe.seed, epoch, place), forge)


def _in_turn(
    examples: Examples, count: int, rng: np.random.Generator
) -> Iterator[tuple[int, bool]]:
    """Every face once before any comes again; weights of groups do not count."""
    rounds = -(-count // len(examples))
    order = np.concatenate([rng.permutation(len(examples)) for _ in range(rounds)])
    yield from ((row, False) for row in order[:count].tolist())


def _balanced(
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
