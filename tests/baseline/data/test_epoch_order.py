"""Classes and groups are drawn as the recipe weighs them."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from deepfake_dataset.baseline.data.epoch_order import epoch_order, updates_per_epoch
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.training.recipes import Recipe

BALANCED = Recipe(batch=10, balance_classes=True)


def _examples(**groups: int) -> Examples:
    """Groups by name with their sizes; those that begin with r are real."""
    group = np.array([name for name, size in groups.items() for _ in range(size)], np.str_)
    label = np.char.startswith(group, "r").astype(np.int64)
    path = np.array([f"{n}" for n in range(len(group))], np.str_)
    blank = np.full(len(group), "", np.str_)
    return Examples(Path(), path, label, group, group, blank, blank, blank)


def test_an_epoch_shows_as_many_faces_as_there_are() -> None:
    examples = _examples(ra=60, fa=47)
    assert updates_per_epoch(examples, BALANCED) == 10
    assert len(list(epoch_order(examples, BALANCED, 0))) == 100


def test_without_balance_every_face_is_shown_once() -> None:
    examples = _examples(ra=6, fa=14)
    rows = [draw.row for draw in epoch_order(examples, Recipe(batch=10), 0)]
    assert sorted(rows) == list(range(20))


def test_every_batch_is_balanced() -> None:
    examples = _examples(ra=90, fa=10)
    labels = [examples.label[draw.row] for draw in epoch_order(examples, BALANCED, 0)]
    assert all(sum(labels[at : at + 10]) == 5 for at in range(0, 100, 10))


def test_groups_are_drawn_by_the_power_of_their_size() -> None:
    examples = _examples(ra=500, fa=400, fb=100)
    for power, share in ((1.0, 0.8), (0.5, 2 / 3), (0.0, 0.5)):
        recipe = replace(BALANCED, group_power=power)
        drawn = [d.row for epoch in range(4) for d in epoch_order(examples, recipe, epoch)]
        count = Counter(examples.group[drawn].tolist())
        assert abs(count["fa"] / (count["fa"] + count["fb"]) - share) < 0.05


def test_epochs_differ_and_repeat() -> None:
    examples = _examples(ra=50, fa=50)
    first, again, second = (list(epoch_order(examples, BALANCED, epoch)) for epoch in (0, 0, 1))
    assert first == again
    assert [d.row for d in first] != [d.row for d in second]
    assert all(a.seed != b.seed for a, b in pairwise(first))


def test_small_sets_fill_one_batch() -> None:
    assert len(list(epoch_order(_examples(ra=2, fa=1), Recipe(batch=10), 0))) == 10
