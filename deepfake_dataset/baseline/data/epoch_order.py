"""The order of faces in an epoch, and the seed of each one's augmentation."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deepfake_dataset.baseline.data.class_balance import balanced_faces
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
    drawn = (
        balanced_faces(examples, recipe, count, rng) if balanced else _in_turn(examples, count, rng)
    )
    for place, (row, forge) in enumerate(drawn):
        yield EpochFace(row, (recipe.seed, epoch, place), forge)


def _in_turn(
    examples: Examples, count: int, rng: np.random.Generator
) -> Iterator[tuple[int, bool]]:
    """Every face once before any comes again; weights of groups do not count."""
    rounds = -(-count // len(examples))
    order = np.concatenate([rng.permutation(len(examples)) for _ in range(rounds)])
    yield from ((row, False) for row in order[:count].tolist())
