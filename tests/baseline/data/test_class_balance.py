"""Batches hold as many real as forged faces; groups come as the recipe weighs them."""

from collections import Counter
from dataclasses import replace

from deepfake_dataset.baseline.data.epoch_order import epoch_order
from deepfake_dataset.baseline.training.recipes import Recipe

from ..conftest import examples_of_groups

BALANCED = Recipe(batch=10, balance_classes=True)


def test_every_batch_is_balanced() -> None:
    examples = examples_of_groups(ra=90, fa=10)
    labels = [examples.label[draw.row] for draw in epoch_order(examples, BALANCED, 0)]
    assert all(sum(labels[at : at + 10]) == 5 for at in range(0, 100, 10))


def test_groups_are_drawn_by_the_power_of_their_size() -> None:
    examples = examples_of_groups(ra=500, fa=400, fb=100)
    for power, share in ((1.0, 0.8), (0.5, 2 / 3), (0.0, 0.5)):
        recipe = replace(BALANCED, group_power=power)
        drawn = [d.row for epoch in range(4) for d in epoch_order(examples, recipe, epoch)]
        count = Counter(examples.group[drawn].tolist())
        assert abs(count["fa"] / (count["fa"] + count["fb"]) - share) < 0.05
