"""The manifest: a CSV of faces to train or test on, as ``manifest.schema.json`` publishes it.

Written as UTF-8 with commas and line feeds. Read with or without a byte order mark, with any
line ends, separated by commas, semicolons or tabs; other people's manifests may have other
columns beside ``path`` and ``label``, and these in any order. No cell is run by a spreadsheet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.csv_tables import parse_spreadsheet, read_spreadsheet
from deepfake_dataset.dataset.spreadsheet_safety import formula_safe_column
from deepfake_dataset.errors import ManifestError
from deepfake_dataset.records import Label

_TEXT, _WHOLE, _NUMBER = pa.string(), pa.int64(), pa.float64()
_KINDS = {_TEXT: "string", _WHOLE: "integer", _NUMBER: "number"}
_HEX_64 = "[0-9a-f]{64}"
CLASSES = (str(Label.FAKE), str(Label.REAL))
"""The labels that a manifest may have."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a manifest."""

    name: str
    kind: pa.DataType
    about: str
    required: bool = False
    """Whether a manifest without it, or without a value in it, is refused."""
    pattern: str = ""
    """What every value must match that is not empty."""


COLUMNS = (
    Column("path", _TEXT, "The crop, relative to the dataset's folder; forward slashes.", True),
    Column("label", _TEXT, "What the face is: real or fake.", True),
    Column("method", _TEXT, "How it was forged. Empty where it is not known, and for real ones."),
    Column("target", _TEXT, "Whose video it is; for a real one, the person shown."),
    Column("donor", _TEXT, "Whose face was put in. Empty where it is not known, or none was."),
    Column("video_id", _TEXT, "First 16 hex digits of the SHA-256 of the video's bytes."),
    Column("group_id", _TEXT, "The videos that no split may part; the id of the first of them."),
    Column("person", _TEXT, "Who is seen, as told from the face itself. Empty where unknown."),
    Column("scene", _WHOLE, "Index of the scene in its video, from 0."),
    Column("track", _WHOLE, "Index of the face's track in its video, from 0."),
    Column("frame", _WHOLE, "Index of the decoded frame in its video, from 0."),
    Column("time_s", _NUMBER, "The frame's time in seconds from the start of the video."),
    Column("native_px", _NUMBER, "Side of the crop in source pixels, before it was resized."),
    Column("resolution", _TEXT, "Quantile bin of native_px over both classes: q1 is the lowest."),
    Column("codec", _TEXT, "Codec of the video."),
    Column("sha256", _TEXT, "SHA-256 of the crop's file.", pattern=_HEX_64),
    Column("phash", _TEXT, "Perceptual hash of the crop. Empty where none.", pattern=_HEX_64),
)
SCHEMA = pa.schema([pa.field(column.name, column.kind) for column in COLUMNS])
_REQUIRED = [column.name for column in COLUMNS if column.required]


def table_schema() -> dict[str, Any]:
    """Frictionless Table Schema of a manifest, as it is published."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "name": "manifest",
        "title": "Manifest",
        "description": "Faces to train or test on, one a row, by video and frame. UTF-8, with a"
        " header, separated by commas. Only path and label must be there.",
        "fieldsMatch": "superset",
        "fields": [_described(column) for column in COLUMNS],
        "primaryKey": ["path"],
        "missingValues": [""],
    }


def _described(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.name == "path":
        constraints["unique"] = True
    if column.name == "label":
        constraints["enum"] = list(CLASSES)
    if column.pattern:
        constraints["pattern"] = column.pattern
    return {
        "name": column.name,
        "type": _KINDS[column.kind],
        "description": column.about,
        "constraints": constraints,
    }


def write_manifest(path: Path, rows: Iterable[pa.Table]) -> int:
    """Write tables that have the columns of :data:`SCHEMA` one after the other; gives the rows.

    The same rows give the same bytes. Not atomic: the file is written in place.
    """
    number = 0
    with path.open("wb") as file:
        file.write(",".join(SCHEMA.names).encode() + b"\n")
        for table in rows:
            for batch in table.select(SCHEMA.names).to_batches(max_chunksize=_BATCH):
                file.write(_as_lines(batch))
                number += batch.num_rows
    return number


_BATCH = 100_000  # rows: their text stays below the 2 GiB that one Arrow array can hold


def _as_lines(batch: pa.RecordBatch) -> pa.Buffer:
    """The batch as the bytes of a CSV's rows: RFC 4180, with quotes only where they are needed."""
    cells = [_as_text(column) for column in batch.columns]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "\n", "")
    lines = pc.binary_join_element_wise(*cells, ",")
    return lines.buffers()[2].slice(0, pc.sum(pc.binary_length(lines)).as_py())


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        text = _quoted(column.dictionary.cast(_TEXT)).take(column.indices)
    else:
        text = _quoted(column) if column.type == _TEXT else column.cast(_TEXT)
    return pc.fill_null(text, "") if text.null_count else text


def _quoted(text: pa.Array) -> pa.Array:
    text = formula_safe_column(text)
    special = pc.match_substring_regex(text, '[",\r\n]')
    if not pc.any(special).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(special, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def read_manifest(path: Path) -> pa.Table:
    """Every row of a manifest, with the columns of :data:`SCHEMA`; as written by anyone.

    A column that the file does not have is null, an empty cell of a text is "". Labels come in
    small letters.

    Raises ManifestError, naming the file and the row, for what is no manifest.
    """
    return _checked(str(path), read_spreadsheet(path, SCHEMA, _REQUIRED))


def parse_manifest(data: bytes, name: str) -> pa.Table:
    """As :func:`read_manifest`, of the bytes of a file that goes by this name."""
    return _checked(name, parse_spreadsheet(data, name, SCHEMA, _REQUIRED))


def _checked(name: str, table: pa.Table) -> pa.Table:
    """The table with labels in small letters; refused is what has a row of no use."""
    labels = pc.utf8_lower(pc.utf8_trim_whitespace(table["label"]))
    bad = pc.invert(pc.is_in(labels, pa.array(CLASSES)))
    if (row := pc.index(bad, True).as_py()) >= 0:
        problem = f"the label {table['label'][row].as_py()!r} is none of {', '.join(CLASSES)}"
        raise ManifestError(f"{name}, row {row + 2}: {problem}", "write real or fake")
    if (row := pc.index(table["path"], "").as_py()) >= 0:
        raise ManifestError(f"{name}, row {row + 2}: no path", "name the crop, or delete the row")
    if twice := _first_twice(table["path"]):
        first, second = twice
        raise ManifestError(
            f"{name}, rows {first + 2} and {second + 2}: {table['path'][first]} stands there twice",
            "keep one row for each crop",
        )
    return table.set_column(1, SCHEMA.field("label"), labels)


def _first_twice(values: pa.ChunkedArray) -> tuple[int, int] | None:
    """Where the first value that stands there twice does so."""
    if pc.count_distinct(values).as_py() == len(values):
        return None
    counts = values.value_counts()
    value = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"]
    first = pc.index(values, value).as_py()
    return first, first + 1 + pc.index(values.slice(first + 1), value).as_py()
