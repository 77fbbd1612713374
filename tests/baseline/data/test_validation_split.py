"""Groups are held back whole, and each class has its share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.baseline.data.validation_split import hold_back_groups

from ..conftest import examples_of


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1), st.integers(0, 5))
def test_no_group_is_parted_and_no_face_is_lost(rows: list[tuple[int, int]], seed: int) -> None:
    examples = examples_of([f"{label}-{group}" for group, label in rows], [x for _, x in rows])
    parts = hold_back_groups(examples, (0.2, 0.2), seed)
    groups = [set(examples.group[part].tolist()) for part in parts]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_each_part_has_both_classes_where_there_are_groups_enough() -> None:
    group = ["a"] * 50 + ["b"] * 3 + ["c"] * 2 + ["d"] * 9 + ["e"] * 9 + ["f"] * 9
    examples = examples_of(group, [int(g > "c") for g in group])
    for seed in range(10):
        for part in hold_back_groups(examples, (0.15, 0.15), seed):
            assert set(examples.label[part].tolist()) == {0, 1}


def test_shares_are_of_each_class() -> None:
    examples = examples_of([f"{n}" for n in range(400)], [int(n < 100) for n in range(400)])
    rest, back = hold_back_groups(examples, (0.25,), 0)
    assert (examples.label[back] == 1).sum() == 25
    assert (examples.label[back] == 0).sum() == 75
    assert len(rest) == 300
