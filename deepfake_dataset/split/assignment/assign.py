"""Which side each group goes to, so that all sides are alike.

Counted is, for each side, how far its faces of each feature (a class, a class in a resolution
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

from deepfake_dataset.split.assignment.sides import Side

_EMPTY = 10**16
"""Cost of a side without any face of a class, or without a bin that has both, so that none can be
drawn: more than all deviations together."""
_SWAPS_UP_TO = 300
"""Free groups up to which pairs of them are exchanged, too: their number is squared."""
_SOLVED_UP_TO = 24
"""Free groups up to which HiGHS is asked; beyond, it seldom ends within its nodes."""
_NODES = 4000
_KICKS = 20
"""Choices disturbed, for each free group."""
_WORK = 50_000_000
"""Numbers looked at, about, in all: a second or two."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
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
    held: NDArray[np.int8]
    """The side of groups that have one; the others are free."""
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """The side of each group."""

    side: NDArray[np.int8]
    cost: int
    """Of what was found; comparable within one task only."""
    proven: bool
    """Whether HiGHS proved that nothing better exists."""


def assign(task: Task) -> Assignment:
    """Give every free group a side.

    A search in whole numbers finds a good choice at any size. Where groups are few, HiGHS is
    asked for a better one; only an answer that it finished counts, since half an answer may
    differ from machine to machine.
    """
    search = Search(task)
    search.run()
    side, cost = search.best
    if not 0 < len(search.free) <= _SOLVED_UP_TO:
        return Assignment(side, cost, proven=False)
    solved = solve(task, search, nodes=_NODES)
    if solved is None:
        return Assignment(side, cost, proven=False)
    least = search.cost_of(solved)
    # HiGHS is not told that a bin must have both classes; then its answer costs more.
    return (
        Assignment(solved, least, True) if least < cost else Assignment(side, cost, least == cost)
    )


class Search:
    """Greedy by size, then the best moves and exchanges, then again from a choice disturbed."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.free = np.flatnonzero(task.held == Side.FREE)
        self._counts = task.counts[self.free]
        self._fixed = _sums(task, task.held)
        self._whole = task.counts.sum(axis=0)
        self.unit = lcm(*(share.denominator for share in task.shares))
        self._parts = np.array([int(share * self.unit) for share in task.shares])
        self.target = self._parts[:, None] * self._whole
        # A face too many weighs more on a small side.
        rates = np.array([max(1, round(1 / share)) for share in task.shares])
        self.rates = rates[:, None] * task.weights
        self._random = np.random.RandomState(task.seed)  # its numbers never change
        self._work = 0
        self.best = task.held.copy(), 0

    def run(self) -> None:
        """Search until the work allowed is done; :attr:`best` is what was found."""
        at = self._greedy()
        if not len(at):
            return
        self._descend(at)
        best, least = at, self._cost(at)
        for _ in range(_KICKS * len(at)):
            if not least or self._work > _WORK:
                break
            at = best.copy()
            kicked = self._random.randint(0, len(at), 3)
            at[kicked] = self._random.randint(0, len(self.task.shares), 3)
            self._descend(at)
            if (cost := self._cost(at)) < least:
                best, least = at, cost
        self.best = self._whole_side(best), least

    def cost_of(self, side: NDArray[np.int8]) -> int:
        """Of a choice for all groups."""
        return self._cost(side[self.free])

    def _whole_side(self, at: NDArray[np.int8]) -> NDArray[np.int8]:
        side = self.task.held.copy()
        side[self.free] = at
        return side

    def _cost(self, at: NDArray[np.int8]) -> int:
        return int(sum(self._costs(s, row) for s, row in enumerate(self._sums(at))))

    def _costs(self, side: int, sums: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of a side that has these faces; (..., features) to (...)."""
        off = np.abs(self.unit * sums - self.target[side]) @ self.rates[side]
        empty = (sums[..., :2] == 0).sum(axis=-1)
        if bins := self.task.bins:
            fake, real = sums[..., 2 : 2 + bins], sums[..., 2 + bins : 2 + 2 * bins]
            empty += ~((fake > 0) & (real > 0)).any(axis=-1)
        return np.asarray(off + _EMPTY * empty)

    def _sums(self, at: NDArray[np.int8]) -> NDArray[np.int64]:
        return self._fixed + _sums(self.task, at, self._counts)

    def _greedy(self) -> NDArray[np.int8]:
        """The largest first, each to where all sides are then nearest to their shares so far."""
        size = self._counts[:, :2].sum(axis=1)
        order = np.lexsort((self._random.permutation(len(size)), -size))
        at = np.zeros(len(size), np.int8)
        sums = self._fixed.copy()
        share = self._parts[:, None]
        for group in order.tolist():
            row = self._counts[group]
            far = self.unit * sums - share * (sums.sum(axis=0) + row)
            gain = ((np.abs(far + self.unit * row) - np.abs(far)) * self.rates).sum(axis=1)
            side = int(gain.argmin())
            at[group] = side
            sums[side] += row
        return at

    def _descend(self, at: NDArray[np.int8]) -> None:
        """Change ``at`` while a move of one group or an exchange of two makes it better."""
        sums = self._sums(at)
        while self._work <= _WORK and (self._move(at, sums) or self._exchange(at, sums)):
            pass

    def _move(self, at: NDArray[np.int8], sums: NDArray[np.int64]) -> bool:
        here = np.array([self._costs(s, row) for s, row in enumerate(sums)])
        coming = [self._costs(s, row + self._counts) - here[s] for s, row in enumerate(sums)]
        gain = np.stack(coming, axis=1)
        for s, row in enumerate(sums):
            own = at == s
            gain[own] += (self._costs(s, row - self._counts[own]) - here[s])[:, None]
        gain[np.arange(len(at)), at] = 0
        self._work += 2 * gain.size * sums.shape[1]
        group, side = np.unravel_index(int(gain.argmin()), gain.shape)
        if gain[group, side] >= 0:
            return False
        sums[at[group]] -= self._counts[group]
        sums[side] += self._counts[group]
        at[group] = side
        return True

    def _exchange(self, at: NDArray[np.int8], sums: NDArray[np.int64]) -> bool:
        if len(at) > _SWAPS_UP_TO:
            return False
        here = np.array([self._costs(s, row) for s, row in enumerate(sums)])
        for group, side in enumerate(at.tolist()):
            for other in range(side + 1, len(sums)):
                there = np.flatnonzero(at == other)
                change = self._counts[there] - self._counts[group]
                gain = self._costs(side, sums[side] + change) - here[side]
                gain += self._costs(other, sums[other] - change) - here[other]
                self._work += 2 * change.size
                if len(there) and gain.min() < 0:
                    best = int(gain.argmin())
                    sums[side] += change[best]
                    sums[other] -= change[best]
                    at[group], at[there[best]] = other, side
                    return True
        return False


def _sums(
    task: Task, side: NDArray[np.int8], counts: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """(sides, features): faces on each side."""
    rows = task.counts if counts is None else counts
    return np.array([rows[side == s].sum(axis=0) for s in range(len(task.shares))])


def solve(task: Task, search: "Search", nodes: int | None) -> NDArray[np.int8] | None:
    """The best choice as HiGHS proved it; None where it did not come to an end in its nodes.

    Variables are x[group, side], 0 or 1, and d[side, feature], how far a count is off.
    """
    counts, fixed = task.counts[search.free], _sums(task, task.held)
    groups, features = counts.shape
    sides, scale = len(task.shares), 1 / max(1, task.counts[:, :2].sum())
    wanted = np.array([float(share) for share in task.shares])[:, None] * task.counts.sum(axis=0)
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
    side = task.held.copy()
    side[search.free] = result.x[: groups * sides].reshape(groups, sides).argmax(axis=1)
    return side
