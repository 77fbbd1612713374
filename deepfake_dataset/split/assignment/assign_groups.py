"""Assigns groups of videos to train, test and val, so that all sides are alike.

Counted is for each side how far its faces of each feature (a class, a class in a resolution
bin, a method, a codec) are from the side's share of all of them. All counts and costs are whole
numbers, so the same choice is made on every machine.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, kron

from deepfake_dataset.split.assignment.sides_and_shares import Side

_EMPTY = 10**16
"""Cost of a side without any face of a class, or without a bin that has both, so that none can be
chosen: more than all deviations together."""
_EXCHANGES_UP_TO = 300
"""Free groups up to which pairs of them are exchanged, too: their number is squared."""
_SOLVED_UP_TO = 24
"""Free groups up to which HiGHS is asked; beyond, it seldom ends within its nodes."""
_NODES = 4000
_DISTURBANCES = 20
"""Random disturbances of the best choice, for each free group."""
_WORK_LIMIT = 50_000_000
"""Numbers computed, about, in all: a second or two."""


@dataclass(frozen=True, slots=True, eq=False)
class SideProblem:
    """Groups to give sides to."""

    counts: NDArray[np.int64]
    """(groups, features): faces. The first features are the fake and the real ones, all of them
    and then bin by bin: fake ones in each bin, real ones in each bin."""
    bins: int
    """Number of these bins; 0 where classes are not balanced in bins."""
    weights: NDArray[np.int64]
    """(features,): what a face too many or too few costs."""
    shares: tuple[Fraction, ...]
    """Of each side, by its code; they add up to 1, and none is 0."""
    fixed_side: NDArray[np.int8]
    """Of groups that have a side already; the others are :attr:`Side.FREE`."""
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """The side of each group."""

    side: NDArray[np.int8]
    cost: int
    """Of what was found; comparable within one problem only."""
    proven: bool
    """Whether HiGHS proved that nothing better exists."""


def assign_groups(problem: SideProblem) -> Assignment:
    """Give every free group a side.

    A search in whole numbers finds a good choice at any size. Where groups are few, HiGHS is
    asked for a better one; only an answer that it finished counts, since half an answer may
    differ from machine to machine.
    """
    search = LocalSearch(problem)
    search.run()
    side, cost = search.best
    if not 0 < len(search.free) <= _SOLVED_UP_TO:
        return Assignment(side, cost, proven=False)
    solved = solve_exactly(problem, search, nodes=_NODES)
    if solved is None:
        return Assignment(side, cost, proven=False)
    least = search.cost_of(solved)
    # HiGHS is not told that a bin must have both classes; then its answer costs more.
    return (
        Assignment(solved, least, True) if least < cost else Assignment(side, cost, least == cost)
    )


class LocalSearch:
    """Greedy by size, then the best moves and exchanges, then again from a choice disturbed."""

    def __init__(self, problem: SideProblem) -> None:
        self.problem = problem
        self.free = np.flatnonzero(problem.fixed_side == Side.FREE)
        self._counts = problem.counts[self.free]
        self._fixed_sums = _sums(problem, problem.fixed_side)
        self._whole = problem.counts.sum(axis=0)
        self.unit = lcm(*(share.denominator for share in problem.shares))
        self._parts = np.array([int(share * self.unit) for share in problem.shares])
        self.target = self._parts[:, None] * self._whole
        # A face too many weighs more on a small side.
        rates = np.array([max(1, round(1 / share)) for share in problem.shares])
        self.rates = rates[:, None] * problem.weights
        self._random = np.random.RandomState(problem.seed)  # its numbers never change
        self._work = 0
        self.best = problem.fixed_side.copy(), 0

    def run(self) -> None:
        """Search until the work allowed is done; :attr:`best` is what was found."""
        choice = self._greedy()
        if not len(choice):
            return
        self._descend(choice)
        best, least = choice, self._cost(choice)
        for _ in range(_DISTURBANCES * len(choice)):
            if not least or self._work > _WORK_LIMIT:
                break
            choice = best.copy()
            disturbed = self._random.randint(0, len(choice), 3)
            choice[disturbed] = self._random.randint(0, len(self.problem.shares), 3)
            self._descend(choice)
            if (cost := self._cost(choice)) < least:
                best, least = choice, cost
        self.best = self._whole_side(best), least

    def cost_of(self, side: NDArray[np.int8]) -> int:
        """Of a choice for all groups."""
        return self._cost(side[self.free])

    def _whole_side(self, choice: NDArray[np.int8]) -> NDArray[np.int8]:
        side = self.problem.fixed_side.copy()
        side[self.free] = choice
        return side

    def _cost(self, choice: NDArray[np.int8]) -> int:
        return int(sum(self._costs(s, row) for s, row in enumerate(self._sums(choice))))

    def _costs(self, side: int, sums: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of a side that has these faces; (..., features) to (...)."""
        off = np.abs(self.unit * sums - self.target[side]) @ self.rates[side]
        empty = (sums[..., :2] == 0).sum(axis=-1)
        if bins := self.problem.bins:
            fake, real = sums[..., 2 : 2 + bins], sums[..., 2 + bins : 2 + 2 * bins]
            empty += ~((fake > 0) & (real > 0)).any(axis=-1)
        return np.asarray(off + _EMPTY * empty)

    def _sums(self, choice: NDArray[np.int8]) -> NDArray[np.int64]:
        return self._fixed_sums + _sums(self.problem, choice, self._counts)

    def _greedy(self) -> NDArray[np.int8]:
        """The largest first, each to where all sides are then nearest to their shares so far."""
        size = self._counts[:, :2].sum(axis=1)
        order = np.lexsort((self._random.permutation(len(size)), -size))
        choice = np.zeros(len(size), np.int8)
        sums = self._fixed_sums.copy()
        share = self._parts[:, None]
        for group in order.tolist():
            row = self._counts[group]
            far = self.unit * sums - share * (sums.sum(axis=0) + row)
            gain = ((np.abs(far + self.unit * row) - np.abs(far)) * self.rates).sum(axis=1)
            side = int(gain.argmin())
            choice[group] = side
            sums[side] += row
        return choice

    def _descend(self, choice: NDArray[np.int8]) -> None:
        """Change ``choice`` while a move of one group or an exchange of two makes it better."""
        sums = self._sums(choice)
        while self._work <= _WORK_LIMIT and (
            self._move(choice, sums) or self._exchange(choice, sums)
        ):
            pass

    def _move(self, choice: NDArray[np.int8], sums: NDArray[np.int64]) -> bool:
        here = np.array([self._costs(s, row) for s, row in enumerate(sums)])
        coming = [self._costs(s, row + self._counts) - here[s] for s, row in enumerate(sums)]
        gain = np.stack(coming, axis=1)
        for s, row in enumerate(sums):
            own = choice == s
            gain[own] += (self._costs(s, row - self._counts[own]) - here[s])[:, None]
        gain[np.arange(len(choice)), choice] = 0
        self._work += 2 * gain.size * sums.shape[1]
        group, side = np.unravel_index(int(gain.argmin()), gain.shape)
        if gain[group, side] >= 0:
            return False
        sums[choice[group]] -= self._counts[group]
        sums[side] += self._counts[group]
        choice[group] = side
        return True

    def _exchange(self, choice: NDArray[np.int8], sums: NDArray[np.int64]) -> bool:
        if len(choice) > _EXCHANGES_UP_TO:
            return False
        here = np.array([self._costs(s, row) for s, row in enumerate(sums)])
        for group, side in enumerate(choice.tolist()):
            for other in range(side + 1, len(sums)):
                there = np.flatnonzero(choice == other)
                change = self._counts[there] - self._counts[group]
                gain = self._costs(side, sums[side] + change) - here[side]
                gain += self._costs(other, sums[other] - change) - here[other]
                self._work += 2 * change.size
                if len(there) and gain.min() < 0:
                    best = int(gain.argmin())
                    sums[side] += change[best]
                    sums[other] -= change[best]
                    choice[group], choice[there[best]] = other, side
                    return True
        return False


def _sums(
    problem: SideProblem, side: NDArray[np.int8], counts: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """(sides, features): faces on each side."""
    rows = problem.counts if counts is None else counts
    return np.array([rows[side == s].sum(axis=0) for s in range(len(problem.shares))])


def solve_exactly(
    problem: SideProblem, search: LocalSearch, nodes: int | None
) -> NDArray[np.int8] | None:
    """The best choice as HiGHS proved it; None where it did not come to an end in its nodes.

    Variables are x[group, side], 0 or 1, and d[side, feature], how far a count is off.
    """
    counts, fixed = problem.counts[search.free], _sums(problem, problem.fixed_side)
    groups, features = counts.shape
    sides, scale = len(problem.shares), 1 / max(1, problem.counts[:, :2].sum())
    wanted = np.array([float(share) for share in problem.shares])[:, None] * problem.counts.sum(
        axis=0
    )
    sums = kron(csr_array(counts.T * scale), eye_array(sides)).tocsr()  # (feature, side) by x
    off = eye_array(features * sides)
    goal = ((wanted - fixed) * scale).T.ravel()
    price = np.concatenate([np.zeros(groups * sides), search.rates.T.ravel()])
    some = kron(csr_array((counts[:, :2] > 0).T.astype(float)), eye_array(sides)).tocsr()
    lacking = (fixed[:, :2] == 0).T.ravel().astype(float)
    blank = csr_array((2 * sides, features * sides))
    one = hstack(
        [kron(eye_array(groups), np.ones((1, sides))), csr_array((groups, features * sides))]
    )
    result = milp(
        price,
        integrality=np.repeat([1, 0], [groups * sides, features * sides]),
        bounds=Bounds(0, np.repeat([1, np.inf], [groups * sides, features * sides])),
        constraints=[
            LinearConstraint(hstack([sums, off]), goal, np.inf),
            LinearConstraint(hstack([sums, -off]), -np.inf, goal),
            LinearConstraint(hstack([some, blank]), lacking, np.inf),
            LinearConstraint(one, 1, 1),
        ],
        options={"mip_rel_gap": 0, **({"node_limit": nodes} if nodes else {})},
    )
    if result.status != 0:
        return None
    side = problem.fixed_side.copy()
    side[search.free] = result.x[: groups * sides].reshape(groups, sides).argmax(axis=1)
    return side
