"""How good scores are: per face and per video, each figure with an interval over videos.

Frames of one video are near copies, so an interval over frames would be far too narrow:
resampling draws whole videos, from the real and the forged ones apart, so that both classes
are in every resample.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfake_dataset.baseline.scoring.rank_metrics import by_level, ranked

Floats = NDArray[np.float64]

RESAMPLES = 1000
"""Enough for the ends of a 95 % interval (Efron and Tibshirani 1993, section 12.5)."""
LEVELS = 2000
"""Steps of score in resamples: ranks of more faces fall into so many, which moves an area
under a curve by less than .001 and the ends of intervals by far less than resampling does.
Figures themselves are exact."""
BINS = 15
"""Of both calibration errors, equally wide (as many as in Guo et al. 2017)."""
_AT_ONCE = 250  # resamples in memory, each of as many numbers as there are levels


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a model said of faces, a row each; arrays of one length. Text may be empty."""

    path: NDArray[np.str_]
    label: NDArray[np.int64]
    """1 real, 0 fake."""
    p_real: Floats
    """In [0, 1]."""
    video: NDArray[np.str_]
    """Rows of one video share it; a row without one is a video of its own."""
    group: NDArray[np.str_]
    method: NDArray[np.str_]
    resolution: NDArray[np.str_]
    codec: NDArray[np.str_]

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, f.name)) for f in fields(self)}
        if len(lengths) > 1:
            raise ValueError(f"predictions of unequal lengths: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def of(cls, label: ArrayLike, p_real: ArrayLike, **texts: ArrayLike) -> Self:
        """Predictions from what is known; columns that are not given are empty."""
        labels = np.asarray(label, np.int64)
        known = {name: np.asarray(values, np.str_) for name, values in texts.items()}
        blank = np.full(len(labels), "", np.str_)
        names = [f.name for f in fields(cls) if f.name not in ("label", "p_real")]
        columns: dict[str, Any] = dict.fromkeys(names, blank) | known
        return cls(label=labels, p_real=np.asarray(p_real, np.float64), **columns)

    def at(self, rows: NDArray[Any]) -> Self:
        """Some rows, by a mask or by indices."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def scored(self, p_real: ArrayLike) -> Self:
        """The same faces with other scores."""
        return replace(self, p_real=np.asarray(p_real, np.float64))

    @property
    def units(self) -> NDArray[np.intp]:
        """Number of each row's video, counted from 0.

        Were a video to have rows of both labels, these would be two.
        """
        named = np.where(self.video == "", self.path, self.video)
        named = np.where(named == "", np.arange(len(self)).astype(np.str_), named)
        _, number = np.unique(named, return_inverse=True)
        unit: NDArray[np.intp]
        _, unit = np.unique(2 * number + self.label, return_inverse=True)
        return unit


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval; None where there is nothing to tell it from."""

    value: float | None
    low: float | None = None
    """None as well where a class has a single video: resampling it tells nothing."""
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """How good predictions are. Rows are faces, or videos."""

    rows: int
    videos: int
    fake_rows: int
    real_rows: int
    forged: Estimate
    """Share of the forged rows below the threshold."""
    real: Estimate
    """Share of the real rows at or above the threshold."""
    total: Estimate
    """Share of all rows on their side of the threshold: the accuracy."""
    balanced: Estimate
    """Mean of forged and real: the balanced accuracy."""
    auc: Estimate
    """Area under the ROC curve."""
    average_precision: Estimate
    """Of finding the forged rows."""
    equal_error_rate: Estimate
    """Where as many real rows are called forged as forged ones are missed."""
    calibration_error: Estimate
    """Mean distance of p_real from the share that is real; what the reliability curve shows."""
    confidence_error: Estimate
    """Expected calibration error of Guo et al. 2017 (eq. 3): mean distance of the surer class's
    probability from how often it is right. What is too high for one class and too low for
    the other cancels out in it: the one above is the stricter."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by what they are and what they were taken for."""

    threshold: float
    fake_as_fake: int
    fake_as_real: int
    real_as_fake: int
    real_as_real: int


@dataclass(frozen=True, slots=True)
class Slice:
    """How good predictions are where a column has one value."""

    column: str
    value: str
    scores: Scores


def measure(
    predictions: Predictions,
    threshold: float = 0.5,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Scores:
    """Every figure with its interval; the same seed gives the same interval."""
    label, units = predictions.label, predictions.units
    videos = int(units.max()) + 1 if len(units) else 0
    unit_label = np.zeros(videos, np.int64)
    unit_label[units] = label
    exact = _figures(predictions, units, videos, threshold, len(label))
    coarse = _figures(predictions, units, videos, threshold, LEVELS)
    once = exact(np.ones((1, videos)))
    drawn = _drawn(unit_label, resamples, np.random.default_rng(seed))
    parts = [coarse(drawn[at : at + _AT_ONCE]) for at in range(0, len(drawn), _AT_ONCE)]
    return Scores(
        rows=len(label),
        videos=videos,
        fake_rows=int((label == 0).sum()),
        real_rows=int((label == 1).sum()),
        **{name: _estimate(once[name], [part[name] for part in parts]) for name in once},
    )


def confusion(predictions: Predictions, threshold: float) -> Confusion:
    """Counts of right and wrong at a threshold; at or above it is real."""
    called, is_real = predictions.p_real >= threshold, predictions.label == 1
    return Confusion(
        threshold=threshold,
        fake_as_fake=int((~called & ~is_real).sum()),
        fake_as_real=int((called & ~is_real).sum()),
        real_as_fake=int((~called & is_real).sum()),
        real_as_real=int((called & is_real).sum()),
    )


def by_mean(predictions: Predictions) -> Predictions:
    """A row a video, scored by the mean of its faces' p_real; its texts are its first face's."""
    return _per_video(predictions, predictions.p_real)


def by_share(predictions: Predictions, threshold: float = 0.5) -> Predictions:
    """A row a video, scored by the share of its faces at or above the threshold."""
    return _per_video(predictions, (predictions.p_real >= threshold).astype(np.float64))


def sliced(
    predictions: Predictions,
    column: str,
    threshold: float = 0.5,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Scores for each value of a text column; rows with an empty one are left out.

    A method's forged rows stand beside all real ones, which have no method.
    """
    values, label = getattr(predictions, column), predictions.label
    mates = (label == 1) if column == "method" else np.zeros(len(label), np.bool_)
    forged = (label == 0) if column == "method" else np.ones(len(label), np.bool_)
    return tuple(
        Slice(
            column,
            str(value),
            measure(
                predictions.at(mates | (values == value)),
                threshold,
                resamples=resamples,
                seed=seed,
            ),
        )
        for value in np.unique(values[forged])
        if value
    )


def _per_video(predictions: Predictions, scores: Floats) -> Predictions:
    units = predictions.units
    _, first = np.unique(units, return_index=True)
    means = np.bincount(units, scores) / np.maximum(1, np.bincount(units))
    return predictions.at(first).scored(means)


def _drawn(unit_label: NDArray[np.int64], resamples: int, rng: np.random.Generator) -> Floats:
    """(resamples, videos) how often each video is drawn; none where a class has one video."""
    sides = [np.flatnonzero(unit_label == side) for side in (0, 1)]
    if not len(unit_label) or any(len(side) == 1 for side in sides):
        return np.empty((0, len(unit_label)))
    drawn = np.empty((resamples, len(unit_label)))
    for side in sides:
        if len(side):
            even = np.full(len(side), 1 / len(side))
            drawn[:, side] = rng.multinomial(len(side), even, size=resamples)
    return drawn


def _estimate(once: Floats | None, drawn: list[Floats | None]) -> Estimate:
    if once is None:
        return Estimate(None)
    known = [part for part in drawn if part is not None]
    if not known:
        return Estimate(float(once[0]))
    low, high = np.percentile(np.concatenate(known), [2.5, 97.5])
    return Estimate(float(once[0]), float(low), float(high))


def _figures(
    predictions: Predictions, units: NDArray[np.intp], videos: int, threshold: float, levels: int
) -> Callable[[Floats], dict[str, Floats | None]]:
    """A function from (n, videos) weights of videos to (n,) values of each figure.

    All that figures need of the rows is summed for each video beforehand.
    """
    label, p_real = predictions.label, predictions.p_real
    right = (p_real >= threshold) == (label == 1)
    confidence = np.maximum(p_real, 1 - p_real)
    sure_and_right = (p_real >= 0.5) == (label == 1)
    rest = _binned(p_real, label - p_real, units, videos)
    rest_sure = _binned(confidence, sure_and_right - confidence, units, videos)
    sums = [
        np.bincount(units[rows], minlength=videos).astype(np.float64)
        for rows in (label == 0, label == 1, (label == 0) & right, (label == 1) & right)
    ]
    fake_at, real_at = (by_level(p_real, units, label == side, videos, levels) for side in (0, 1))

    def figures(weights: Floats) -> dict[str, Floats | None]:
        fakes, reals, fakes_right, reals_right = (weights @ of for of in sums)
        forged, real = _share(fakes_right, fakes), _share(reals_right, reals)
        both = forged is not None and real is not None
        none = (None, None, None)
        auc, precision, equal = ranked(weights @ fake_at, weights @ real_at) if both else none
        return {
            "forged": forged,
            "real": real,
            "total": _share(fakes_right + reals_right, fakes + reals),
            "balanced": None if forged is None or real is None else (forged + real) / 2,
            "auc": auc,
            "average_precision": precision,
            "equal_error_rate": equal,
            "calibration_error": _share(np.abs(weights @ rest).sum(axis=1), fakes + reals),
            "confidence_error": _share(np.abs(weights @ rest_sure).sum(axis=1), fakes + reals),
        }

    return figures


def _binned(where: Floats, what: Floats, units: NDArray[np.intp], videos: int) -> Floats:
    """(videos, BINS) sums of ``what`` by video and by the bin of ``where`` in [0, 1]."""
    bins = np.minimum((where * BINS).astype(np.intp), BINS - 1)
    sums = np.zeros((videos, BINS))
    np.add.at(sums, (units, bins), what)
    return sums


def _share(part: Floats, whole: Floats) -> Floats | None:
    return part / whole if (whole > 0).all() else None
