"""AUC, average precision and equal error rate, for many weightings of videos at once.

A resample of videos is a weighting of them, so a thousand resamples are one array.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


def rows_by_score_level(
    p_real: Floats, units: NDArray[np.intp], rows: NDArray[np.bool_], videos: int, levels: int
) -> csr_array:
    """(videos, levels) how many of the ``rows`` of each video are at each level of score.

    Levels rise with the score and hold about as many of all rows each; equal scores are at
    one level, and with as many levels as there are rows different ones are not.
    """
    _, first, distinct = np.unique(np.sort(p_real), return_index=True, return_inverse=True)
    order = np.argsort(p_real, kind="stable")
    level = np.empty(len(p_real), np.intp)
    level[order] = first[distinct] * min(levels, len(p_real)) // max(1, len(p_real))
    ones = np.ones(int(rows.sum()))
    shape = (videos, max(1, min(levels, len(p_real))))
    return csr_array((ones, (units[rows], level[rows])), shape=shape)


def auc_precision_and_equal_error(fake: Floats, real: Floats) -> tuple[Floats, Floats, Floats]:
    """AUC, average precision of finding the fake, and equal error rate, each (n,).

    ``fake`` and ``real`` are (n, levels) weights at each level of score from the lowest on;
    both must have some in every row.
    """
    fakes, reals = fake.sum(axis=1, keepdims=True), real.sum(axis=1, keepdims=True)
    prior = fakes / (fakes + reals)
    fake, real = fake / fakes, real / reals
    lost, found = real.cumsum(axis=1), fake.cumsum(axis=1)
    auc = (real * (found - fake / 2)).sum(axis=1)
    return auc, _average_precision(fake, found, lost, prior), _equal_error(found, lost)


def _average_precision(fake: Floats, found: Floats, lost: Floats, prior: Floats) -> Floats:
    """Precision at each score, weighted by the forged rows that have it."""
    called = prior * found + (1 - prior) * lost
    precision = np.divide(prior * found, called, out=np.zeros_like(called), where=called > 0)
    precise: Floats = (fake * precision).sum(axis=1)
    return precise


def _equal_error(found: Floats, lost: Floats) -> Floats:
    """Where the ROC curve, its points joined by lines, meets equal errors."""
    start = np.zeros((len(found), 1))
    found, lost = np.hstack([start, found]), np.hstack([start, lost])
    apart = lost - (1 - found)
    after = np.maximum(1, (apart >= 0).argmax(axis=1))
    row = np.arange(len(found))
    before, beyond = apart[row, after - 1], apart[row, after]
    along = -before / (beyond - before)
    equal: Floats = lost[row, after - 1] + along * (lost[row, after] - lost[row, after - 1])
    return equal
