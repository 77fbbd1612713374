"""Predictions of faces, and of videos by the mean or the share of their faces."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


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


def videos_by_mean(predictions: Predictions) -> Predictions:
    """A row a video, scored by the mean of its faces' p_real; its texts are its first face's."""
    return _per_video(predictions, predictions.p_real)


def videos_by_share(predictions: Predictions, threshold: float = 0.5) -> Predictions:
    """A row a video, scored by the share of its faces at or above the threshold."""
    return _per_video(predictions, (predictions.p_real >= threshold).astype(np.float64))


def _per_video(predictions: Predictions, scores: Floats) -> Predictions:
    units = predictions.units
    _, first = np.unique(units, return_index=True)
    means = np.bincount(units, scores) / np.maximum(1, np.bincount(units))
    return predictions.at(first).scored(means)
