"""The log of what people said of faces: ``review/decisions.csv``, only ever added to.

It has one decision a line. A line is on the disk before it is acknowledged; one that a kill
has torn never was, and is cut off when the next one comes.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.schema import arrow_schema, to_row
from deepfake_dataset.dataset.spreadsheet_safety import (
    formula_restored_column,
    formula_safe,
    one_line,
)
from deepfake_dataset.errors import DecisionsError, StorageError, UnavailableError
from deepfake_dataset.records import Box, Label
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.storage.base import Storage


class Action(StrEnum):
    """What a person can do with a face."""

    KEEP = "keep"
    REJECT = "reject"
    FIX = "fix"
    RELABEL = "relabel"
    WRONG_PERSON = "wrong-person"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Fix:
    """A crop made anew; fields as in :class:`deepfake_dataset.records.Face`."""

    box: Box
    landmarks: tuple[float, ...]
    center_x: float
    center_y: float
    native_px: float
    roll_deg: float
    yaw_deg: float
    sharpness: float
    brightness: float
    outside: float
    size_px: int
    """Side of the crop's file; with another setting now, the crop has to be made again."""
    margin: float
    crop: str
    """Path of the crop below the dataset, forward slashes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the log."""

    time: str
    """ISO 8601 in UTC, to the millisecond."""
    reviewer: str
    action: Action
    reason: str
    """One line in a person's words; may be empty."""
    video_id: str
    frame: int
    face_id: str
    """As it was called then."""
    box: Box
    """Where the face was then, by the record of its video."""
    before: str
    """State that the face was in; where it is relabelled, its label."""
    after: str
    """State that it came into; where it is relabelled, its new label."""
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """The log as far as it has been read."""

    rows: pa.Table
    """A row a decision, in the order they were made; columns are those of :data:`SCHEMA`."""
    end: int
    """Bytes of the file that were read."""
    settings: ExtractSettings
    """Those that crops are made with now."""


def _flat_fields(schema: pa.Schema | pa.StructType, prefix: str = "") -> Iterator[pa.Field]:
    """Nested columns as columns of their own; a list of numbers is written in one cell."""
    for field in schema:
        name, kind = prefix + field.name, field.type
        if pa.types.is_struct(kind):
            yield from _flat_fields(kind, f"{name}_")
        else:
            yield pa.field(name, pa.string() if pa.types.is_list(kind) else kind)


SCHEMA: pa.Schema = pa.schema(list(_flat_fields(arrow_schema(Decision))))
"""Columns of the log: ``box_left`` …, and ``fix_box_left`` … ``fix_sha256`` where it is a fix;
``fix_landmarks`` has its numbers separated by spaces."""


def now() -> str:
    """The time as :attr:`Decision.time` has it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def read_decisions(dataset: Dataset, start: int = 0) -> Decisions:
    """The log from a byte on, such as the ``end`` of an earlier reading; empty where there is none.

    A last line that a kill has torn was never acknowledged, and is passed over.

    Raises :class:`DecisionsError` for a log that was damaged in another way.
    """
    try:
        lines, end = dataset.storage.read_log(layout.DECISIONS, start)
    except UnavailableError:
        raise
    except StorageError as error:
        raise DecisionsError(str(error), error.hint) from error
    place = dataset.storage.location(layout.DECISIONS)
    rows = _parse(place, lines, has_header=start == 0)
    return Decisions(rows, end, dataset.settings.extract)


def append_decisions(dataset: Dataset, decisions: Sequence[Decision]) -> None:
    """Add to the log; when this returns they are on the disk.

    Raises :class:`DatasetWriteError`; then none was added.
    """
    with holding_log(dataset) as log:
        log.append(decisions)


@dataclass(frozen=True, slots=True)
class HeldLog:
    """The log while no other process may add to it."""

    _storage: Storage

    def append(self, decisions: Sequence[Decision]) -> None:
        """As :func:`append_decisions`."""
        lines = "".join(_line(_cells(decision)) for decision in decisions).encode()
        if lines:
            header = _line(SCHEMA.names).encode()
            self._storage.append(layout.DECISIONS, lines, header=header)


@contextmanager
def holding_log(dataset: Dataset) -> Iterator[HeldLog]:
    """Keep other processes from adding to the log, to look at it and then add."""
    with dataset.storage.lease(layout.REVIEW, wait=True):
        yield HeldLog(dataset.storage)


def _line(cells: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cells(decision: Decision) -> list[object]:
    flat = dict(_flat_cells(to_row(decision)))
    return [flat.get(name, "") for name in SCHEMA.names]


def _flat_cells(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat_cells(value, f"{prefix}{name}_")
        elif isinstance(value, list):
            yield prefix + name, " ".join(map(str, value))
        elif isinstance(value, str):
            yield prefix + name, formula_safe(one_line(value))
        else:
            yield prefix + name, "" if value is None else value


def _parse(place: str, data: bytes, *, has_header: bool) -> pa.Table:
    if not data:
        return SCHEMA.empty_table()
    names = None if has_header else SCHEMA.names
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            arrow_csv.ReadOptions(column_names=names),
            convert_options=arrow_csv.ConvertOptions(
                column_types=SCHEMA, null_values=[""], strings_can_be_null=False
            ),
        )
        found = table.column_names
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _damaged(place, str(error)) from error
    if found != SCHEMA.names:
        raise _damaged(place, f"its columns should be {', '.join(SCHEMA.names)}")
    return _checked(place, table)


def _checked(place: str, table: pa.Table) -> pa.Table:
    known = pc.is_in(table["action"], pa.array([str(action) for action in Action]))
    label = pc.is_in(table["after"], pa.array([str(label) for label in Label]))
    sound = pc.or_(label, pc.not_equal(table["action"], str(Action.RELABEL)))
    complete = pc.and_(pc.and_(known, sound), pc.is_valid(table["frame"]))
    if not pc.all(complete, min_count=0).as_py():
        row = complete.to_pylist().index(False)
        raise _damaged(place, f"row {row + 2} is no decision")
    for name in ("reviewer", "reason", "before", "after"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, SCHEMA.field(name), formula_restored_column(table[name]))
    return table.cast(SCHEMA)


def _damaged(place: str, problem: str) -> DecisionsError:
    return DecisionsError(
        f"{place} is damaged: {problem}", "mend that line, or bring the file back from a copy"
    )
