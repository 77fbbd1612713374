from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfake_dataset.split.assignment import assign_groups as module
from deepfake_dataset.split.assignment.assign_groups import LocalSearch, SideProblem, assign_groups
from deepfake_dataset.split.assignment.sides_and_shares import Side

pytestmark = pytest.mark.slow

SHARES = (Fraction(7, 10), Fraction(1, 5), Fraction(1, 10))


def problem(counts, *, shares=SHARES, fixed_side=None, seed=0, weights=None):
    counts = np.array(counts, np.int64)
    free = [Side.FREE] * len(counts)
    side = np.array(free if fixed_side is None else fixed_side, np.int8)
    prices = np.ones(counts.shape[1], np.int64) if weights is None else np.array(weights)
    return SideProblem(counts, 0, prices, shares, side, seed)


def scattered(groups, seed):
    random = np.random.default_rng(seed)
    size = np.ceil(random.pareto(1.2, groups) * 50 + 20).clip(max=2000)
    return random.poisson(size[:, None] * random.dirichlet([0.5] * 10, groups))


def least(work):
    """The least cost of all choices there are."""
    search = LocalSearch(work)
    choices = product(range(len(work.shares)), repeat=len(search.free))
    sides = (np.array(choice, np.int8) for choice in choices)
    return min(search.cost_of(_all(work, side)) for side in sides)


def _all(work, side):
    whole = work.fixed_side.copy()
    whole[work.fixed_side == Side.FREE] = side
    return whole


@settings(max_examples=10, deadline=None)
@given(
    counts=st.integers(3, 6).flatmap(
        lambda n: st.lists(
            st.lists(st.integers(1, 30), min_size=4, max_size=4), min_size=n, max_size=n
        )
    )
)
def test_few_groups_are_assigned_as_well_as_can_be(counts):
    work = problem(counts)
    found = assign_groups(work)
    assert found.cost == least(work)


@pytest.mark.parametrize("seed", range(2))
def test_the_search_comes_near_the_proven_optimum_on_small_sets(seed):
    work = problem(scattered(14, seed), seed=seed)
    search = LocalSearch(work)
    search.run()
    solved = module.solve_exactly(work, search, nodes=None)
    assert solved is not None
    assert search.best[1] <= 1.01 * search.cost_of(solved)
    assert assign_groups(work).cost == search.cost_of(solved)


def test_many_equal_groups_give_the_shares_exactly():
    found = assign_groups(problem([[5, 5]] * 100))
    assert np.bincount(found.side).tolist() == [70, 20, 10]
    assert found.cost == 0


def test_sides_that_are_held_stay():
    fixed_side = [Side.TEST, Side.TRAIN, Side.VAL, *[Side.FREE] * 20]
    found = assign_groups(problem([[50, 50]] * 23, fixed_side=fixed_side))
    assert found.side[:3].tolist() == fixed_side[:3]
    assert (found.side >= 0).all()


def test_where_all_are_held_nothing_is_done():
    fixed_side = [Side.TEST, Side.TRAIN]
    found = assign_groups(problem([[1, 1]] * 2, fixed_side=fixed_side, shares=SHARES[:2]))
    assert found.side.tolist() == fixed_side
    assert not found.proven


def test_every_side_gets_both_classes_where_that_can_be():
    fake, real = [90, 0], [0, 90]
    found = assign_groups(problem([fake] * 3 + [real] * 3))
    for side in range(3):
        assert (problem([fake] * 3 + [real] * 3).counts[found.side == side].sum(axis=0) > 0).all()


@pytest.mark.parametrize("groups", [10, 40, 500])
def test_the_same_task_is_assigned_alike_every_time(groups):
    work = problem(scattered(groups, 1), seed=3)
    assert assign_groups(work).side.tolist() == assign_groups(work).side.tolist()


def test_the_seed_decides_between_choices_that_are_as_good():
    work = problem([[5, 5]] * 100)
    sides = {tuple(assign_groups(replace(work, seed=seed)).side.tolist()) for seed in range(3)}
    assert len(sides) == 3


def test_many_groups_come_near_every_share():
    counts = scattered(2000, 5)
    found = assign_groups(problem(counts))
    for side, share in enumerate(SHARES):
        got = counts[found.side == side].sum(axis=0)
        assert np.abs(got - float(share) * counts.sum(axis=0)).max() < 0.002 * counts.sum()


def test_half_an_answer_of_the_solver_is_not_taken(monkeypatch):
    monkeypatch.setattr(module, "_NODES", 1)
    work = problem(scattered(24, 2))
    search = LocalSearch(work)
    search.run()
    found = assign_groups(work)
    assert not found.proven
    assert found.cost == search.best[1]


def test_no_side_is_left_without_a_bin_that_both_classes_have():
    """Fake and real faces by bin; the shares alone would put groups together that never meet."""
    bins = [[50, 0, 0, 0], [0, 0, 0, 50], [0, 50, 0, 0], [0, 0, 50, 0], [25, 0, 25, 0]]
    counts = np.array([[sum(b[:2]), sum(b[2:]), *b] for b in bins])
    work = replace(problem(counts, shares=SHARES[1:2] * 2, weights=[1, 1, 0, 0, 0, 0]), bins=2)
    work = replace(work, shares=(Fraction(1, 2), Fraction(1, 2)))
    sums = [counts[assign_groups(work).side == side].sum(axis=0) for side in (0, 1)]
    assert all(((s[2:4] > 0) & (s[4:] > 0)).any() for s in sums)
