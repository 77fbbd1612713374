"""An epoch shows as many faces as there are, in an order that its seed decides."""

from itertools import pairwise

from deepfake_dataset.baseline.data.epoch_order import epoch_order, updates_per_epoch
from deepfake_dataset.baseline.training.recipes import Recipe

from ..conftest import examples_of_groups

BALANCED = Recipe(batch=10, balance_classes=True)


def test_an_epoch_shows_as_many_faces_as_there_are() -> None:
    examples = examples_of_groups(ra=60, fa=47)
    assert updates_per_epoch(examples, BALANCED) == 10
    assert len(list(epoch_order(examples, BALANCED, 0))) == 100


def test_without_balance_every_face_is_shown_once() -> None:
    examples = examples_of_groups(ra=6, fa=14)
    rows = [draw.row for draw in epoch_order(examples, Recipe(batch=10), 0)]
    assert sorted(rows) == list(range(20))


def test_epochs_differ_and_repeat() -> None:
    examples = examples_of_groups(ra=50, fa=50)
    first, again, second = (list(epoch_order(examples, BALANCED, epoch)) for epoch in (0, 0, 1))
    assert first == again
    assert [d.row for d in first] != [d.row for d in second]
    assert all(a.seed != b.seed for a, b in pairwise(first))


def test_small_sets_fill_one_batch() -> None:
    assert len(list(epoch_order(examples_of_groups(ra=2, fa=1), Recipe(batch=10), 0))) == 10
