"""Records as rows of a Parquet table, as plain values, and as a published JSON Schema.

All three are derived from the dataclasses in :mod:`deepfake_dataset.records`, so a field
stands in one place only.
"""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import pyarrow as pa

T = TypeVar("T")
Reader = Callable[[Any], Any]

_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
_JSON = {str: "string", int: "integer", float: "number", bool: "boolean"}


@cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)


def _optional(hint: Any) -> Any:
    """The type behind ``X | None``, or None where a value is required."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(kind for kind in get_args(hint) if kind is not type(None))
    return None


def arrow_schema(record: type) -> pa.Schema:
    """The columns of a table of these records."""
    return pa.schema(_arrow_fields(record))


def _arrow_fields(record: type) -> list[pa.Field]:
    return [_arrow_field(f.name, _hints(record)[f.name]) for f in fields(record)]


def _arrow_field(name: str, hint: Any) -> pa.Field:
    inner = _optional(hint)
    return pa.field(name, _arrow_type(inner or hint), nullable=inner is not None)


def _arrow_type(hint: Any) -> pa.DataType:
    if get_origin(hint) is tuple:
        return pa.list_(pa.field("item", _arrow_type(get_args(hint)[0]), nullable=False))
    if is_dataclass(hint):
        return pa.struct(_arrow_fields(hint))  # type: ignore[arg-type]
    return _ARROW[str if issubclass(hint, StrEnum) else hint]


def to_row(record: Any) -> dict[str, Any]:
    """The record's values by field name, nested ones as rows of their own."""
    return {f.name: _plain(getattr(record, f.name)) for f in fields(record)}


def _plain(value: Any) -> Any:
    if type(value) in _JSON:  # nearly all values are: landmarks are a hundred numbers a face
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return to_row(value)
    return str(value) if isinstance(value, StrEnum) else value


def from_row(record: type[T], row: dict[str, Any]) -> T:
    """The record that :func:`to_row` made a row of.

    Raises :class:`TypeError` or :class:`ValueError` where names or values do not fit.
    """
    return cast(T, _reader(cast(Any, record))(row))


@cache
def _reader(hint: Any) -> Reader:
    """What makes a plain value what the hint says; made once a type, as rows are many."""
    if inner := _optional(hint):
        read = _reader(inner)
        return lambda value: None if value is None else read(value)
    if get_origin(hint) is tuple:
        read = _reader(get_args(hint)[0])
        return lambda value: tuple(map(read, value))
    if is_dataclass(hint):
        return _record_reader(cast(type, hint))
    return cast(Reader, hint) if issubclass(hint, StrEnum) else _checker(hint)


def _record_reader(record: type) -> Reader:
    readers = {f.name: _reader(_hints(record)[f.name]) for f in fields(record)}

    def read(row: Any) -> Any:
        if not isinstance(row, dict):
            raise TypeError(f"{row!r} is no {record.__name__}")
        if unknown := row.keys() - readers.keys():
            raise TypeError(f"unknown columns: {', '.join(sorted(unknown))}")
        return record(**{name: readers[name](value) for name, value in row.items()})

    return read


def _checker(kind: type) -> Reader:
    allowed = {int, float} if kind is float else {kind}

    def check(value: Any) -> Any:
        if type(value) not in allowed:
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value

    return check


def json_schema(record: type) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the record's row."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": record.__name__,
        **_json_object(record),
    }


def _json_object(record: type) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [f.name for f in fields(record)],
        "properties": {f.name: _json_type(_hints(record)[f.name]) for f in fields(record)},
    }


def _json_type(hint: Any) -> dict[str, Any]:
    inner = _optional(hint)
    if inner is not None:
        return {"anyOf": [_json_type(inner), {"type": "null"}]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _json_type(get_args(hint)[0])}
    if is_dataclass(hint):
        return _json_object(hint)  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        return {"enum": [str(word) for word in hint]}
    return {"type": _JSON[hint]}
