"""Quantile bins of native size (resolution), or any column, in which classes are balanced."""

from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.errors import SplitError

RESOLUTION = "native_px"
"""The column that a manifest's ``resolution`` is the bin of."""
NO_BALANCING = "none"
"""Instead of columns: classes are not balanced, every face is chosen."""


@dataclass(frozen=True, slots=True)
class BinEdges:
    """Where the bins of a column lie."""

    column: str
    edges: tuple[float, ...] = ()
    """Lowest value of each bin but the first; numbers only."""
    words: tuple[str, ...] = ()
    """The word that each bin stands for; texts only."""

    @property
    def bins(self) -> int:
        """Number of bins; that of missing values comes last."""
        return (len(self.words) or len(self.edges) + 1) + 1


@dataclass(frozen=True, slots=True, eq=False)
class BinnedColumn:
    """A column's values as bins."""

    scale: BinEdges
    bin: NDArray[np.int16]


def balanced_columns(setting: str, faces: pa.Table) -> tuple[str, ...]:
    """The columns that a setting names: with commas between them, or :data:`NO_BALANCING`.

    Raises SplitError for a column that cannot be balanced by.
    """
    if setting.strip() == NO_BALANCING:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in setting.split(",")))
    known = [field.name for field in faces.schema if _is_plain(field.type)]
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise SplitError(f"classes cannot be balanced by {name!r}", hint)
    return names


def _is_plain(kind: pa.DataType) -> bool:
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return bool(number or pa.types.is_string(kind) or pa.types.is_dictionary(kind))


def bin_column(faces: pa.Table, column: str, bins: int) -> BinnedColumn:
    """The column's quantile bins over all faces of both classes; for a text, a bin a word.

    Edges are values that occur, never means of two, so they are the same on every machine.
    """
    values = faces[column].combine_chunks()
    if pa.types.is_string(values.type) or pa.types.is_dictionary(values.type):
        return _by_word(column, values)
    numbers = values.cast(pa.float64()).fill_null(np.nan).to_numpy()
    sound = numbers[~np.isnan(numbers)]
    if not len(sound):
        return BinnedColumn(BinEdges(column), np.ones(len(numbers), np.int16))
    places = [len(sound) * i // bins for i in range(1, bins)]
    edges = np.unique(np.partition(sound, places)[places]) if places else np.empty(0)
    edges = edges[edges > sound.min()]
    bin_ = np.searchsorted(edges, numbers, side="right").astype(np.int16)
    bin_[np.isnan(numbers)] = len(edges) + 1
    return BinnedColumn(BinEdges(column, edges=tuple(edges.tolist())), bin_)


def _by_word(column: str, values: pa.Array) -> BinnedColumn:
    coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    words = coded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=lambda i: words[i])
    rank = np.empty(len(words) + 1, np.int16)
    rank[order] = np.arange(len(words))
    rank[-1] = len(words)
    codes = coded.indices.fill_null(len(words)).to_numpy()
    return BinnedColumn(BinEdges(column, words=tuple(words[i] for i in order)), rank[codes])


def joint_cells(columns: tuple[BinnedColumn, ...], faces: int) -> tuple[NDArray[np.int64], int]:
    """The cell of each face where all columns count at once, and how many cells there are."""
    cell, number = np.zeros(faces, np.int64), 1
    for column in columns:
        cell = cell * column.scale.bins + column.bin
        number *= column.scale.bins
    return cell, number
