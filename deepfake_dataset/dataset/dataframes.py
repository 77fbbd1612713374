"""Tables as the user wishes to have them: Arrow, pandas or Polars."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal

import pyarrow as pa

from deepfake_dataset.errors import ArgumentError, MissingExtraError

FrameKind = Literal["arrow", "pandas", "polars"]
"""Which library a table is given in."""


def as_frame(table: pa.Table, kind: FrameKind, columns: Sequence[str] | None = None) -> Any:
    """Some columns of a table, or all of them, as a table of a library.

    Raises :class:`ArgumentError` for a column or a library that there is not, and
    :class:`MissingExtraError` where the library is not installed.
    """
    if columns is not None:
        table = _chosen(table, columns)
    if kind == "arrow":
        return table
    if kind not in ("pandas", "polars"):
        raise ArgumentError(f"a table cannot be given as {kind!r}", "arrow, pandas or polars")
    try:
        library = import_module(kind)
    except ImportError as error:
        raise MissingExtraError(f"{kind} is not installed", f"pip install {kind}") from error
    return table.to_pandas() if kind == "pandas" else library.from_arrow(table)


def _chosen(table: pa.Table, columns: Sequence[str]) -> pa.Table:
    if isinstance(columns, str):
        raise ArgumentError(f"columns should be a list, not {columns!r}", f"give [{columns!r}]")
    if missing := [name for name in columns if name not in table.column_names]:
        raise ArgumentError(
            f"there is no column {missing[0]!r}",
            f"those there are: {', '.join(table.column_names)}",
        )
    return table.select(list(columns))
