"""CSV files that people may have edited: byte order mark, semicolons, CRLF, decimal commas."""

import csv
import io
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from deepfake_dataset.dataset.spreadsheet_safety import formula_restored_column
from deepfake_dataset.errors import ManifestError

Row = tuple[int, list[str]]
"""The line that a row begins on, and its cells."""


def read_spreadsheet(path: Path, schema: pa.Schema, required: Collection[str]) -> pa.Table:
    """As :func:`parse_spreadsheet`, from a file anywhere; ManifestError too if it is not there."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be read: {error.strerror}", "check the path and its permissions"
        ) from error
    return parse_spreadsheet(data, str(path), schema, required)


def parse_spreadsheet(
    data: bytes, name: str, schema: pa.Schema, required: Collection[str]
) -> pa.Table:
    """The columns of a schema, in its order, from a CSV that may have them in any other.

    A column that the file does not have is null; an empty cell of a text is "". Columns that
    the schema does not have are passed over. A text's cells are given back as they were
    before :func:`deepfake_dataset.dataset.spreadsheet_safety.formula_safe`.

    Raises ManifestError, with the file's ``name`` and the row, for what cannot be read so.
    """
    separator, names = _header(data, name, schema, required)
    table = _parsed(data, name, schema, separator, names)
    columns = [
        _column(table, field) if field.name in names else _nothing(table, field) for field in schema
    ]
    return pa.table(columns, schema=schema)


def read_csv_rows(text: str, refuse: Callable[[int, str, str], Exception]) -> Iterator[Row]:
    """The rows of a CSV's text that are not empty, with the lines that they begin on, from 1.

    Cells are separated as the first row has them: by commas, semicolons or tabs. Raises what
    ``refuse`` makes of a line, a problem and a hint where the text is no CSV.
    """
    header, _, _ = text.lstrip().partition("\n")
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "put a cell that holds quotes or line breaks in quotes, and double quotes in it"
        raise refuse(line, str(error), hint) from error


def _nothing(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(table.num_rows, field.type)])


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    column = table[field.name]
    return formula_restored_column(column) if field.type == pa.string() else column


def _header(
    data: bytes, name: str, schema: pa.Schema, required: Collection[str]
) -> tuple[str, list[str]]:
    """The separator, and the names of the columns in small letters."""
    try:
        line = data[: data.find(b"\n") + 1 or None].decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{name} is not UTF-8", "save it as “CSV UTF-8”") from error
    separator = max(",;\t", key=line.count)
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:  # one of more than 128 kB, say
        raise ManifestError(f"{name}, row 1: {error}", "it should name the columns") from error
    names = [cell.strip().lower() for cell in cells]
    hint = f"its first row names the columns; {' and '.join(required)} must be among them"
    for column in required:
        if column not in names:
            raise ManifestError(f"{name} has no column {column}", hint)
    for column in schema.names:
        if names.count(column) > 1:
            raise ManifestError(f"{name} has the column {column} twice", "keep one of them")
    return separator, names


def _parsed(
    data: bytes, name: str, schema: pa.Schema, separator: str, names: list[str]
) -> pa.Table:
    """The known columns. Where semicolons part the cells, a comma may be the decimal point."""
    try:
        return _parse(data, schema, separator, names, ".")
    except pa.ArrowInvalid as error:
        if separator == ";":
            try:
                return _parse(data, schema, separator, names, ",")
            except pa.ArrowInvalid:
                pass
        hint = "rows are counted from the header, which is row 1; columns from 0"
        raise ManifestError(f"{name}: {error}", hint) from error


def _parse(
    data: bytes, schema: pa.Schema, separator: str, names: list[str], decimal: str
) -> pa.Table:
    kinds = {name: schema.field(name).type for name in names if name in schema.names}
    return pacsv.read_csv(
        pa.BufferReader(data),
        # Row numbers in messages are only there without threads.
        read_options=pacsv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
        parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=kinds, include_columns=list(kinds), decimal_point=decimal
        ),
    )
