"""The labels CSV: what a person says about videos; ``manifests/labels.schema.json`` is its schema.

It is UTF-8 (with or without a byte order mark), has a header, and is separated by commas,
semicolons or tabs.
"""

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepfake_dataset.dataset.csv_tables import read_csv_rows
from deepfake_dataset.errors import LabelsError
from deepfake_dataset.records import Provenance
from deepfake_dataset.sources.files import File, printable
from deepfake_dataset.sources.label_words import LABEL_WORDS

REQUIRED = ("path", "label")
OPTIONAL = ("method", "target", "donor")
COLUMNS = REQUIRED + OPTIONAL


@dataclass(frozen=True, slots=True)
class Row:
    """What a labels CSV says about one video."""

    line: int
    """Of the file, counted from 1; the row's first one."""
    path: str
    provenance: Provenance


def read_labels(file: Path) -> tuple[Row, ...]:
    """Read the rows of a labels CSV, in its order; empty rows are passed over.

    Raises LabelsError, naming line and column, for a file that is not a labels CSV.
    """
    shown = printable(str(file))
    records = read_csv_rows(
        _read_text(file),
        lambda line, problem, hint: LabelsError(f"{shown}, line {line}: {problem}", hint),
    )
    line, header = next(records, (1, []))
    columns = [name.strip().lower() for name in header]
    _check_header(file, line, columns)
    return tuple(_row(file, line, columns, cells) for line, cells in records)


def match_labels(
    file: Path, rows: Iterable[Row], videos: Sequence[File], arriving: bool = False
) -> dict[tuple[int, int], Provenance]:
    """Say of which video each row is; the answers are by :attr:`File.identity`.

    A row's path counts from the CSV's folder, or from a folder that was named, or is
    absolute; a bare file name is enough where only one video has it. Raises LabelsError for a
    row whose video is not there (unless videos are still ``arriving``) or not the only one, and
    for two rows that contradict each other.
    """
    index = _Index(file.parent, videos)
    said: dict[tuple[int, int], Row] = {}
    for row in rows:
        fits = index.find(row.path)
        if arriving and not fits:
            continue
        video = _only(file, row, fits)
        first = said.setdefault(video.identity, row)
        if first.provenance != row.provenance:
            problem = f"line {first.line} says something else about the same video"
            raise _error(file, row.line, "path", problem, "keep one row for each video")
    return {identity: row.provenance for identity, row in said.items()}


def _read_text(file: Path) -> str:
    try:
        data = file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise LabelsError(
            f"{printable(str(file))} cannot be read: {error.strerror}",
            "check the path given with --labels",
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LabelsError(
            f"{printable(str(file))}, line {line}: not UTF-8",
            "save it as “CSV UTF-8”; write a stray byte of a file's name as \\xNN",
        ) from error


def _check_header(file: Path, line: int, columns: list[str]) -> None:
    hint = f"the first row names the columns: {', '.join(COLUMNS)} (path and label at least)"
    problems = {
        "there is no such column": [repr(name) for name in columns if name not in COLUMNS],
        "stands there twice": [name for name in COLUMNS if columns.count(name) > 1],
        "is missing": [name for name in REQUIRED if name not in columns],
    }
    for problem, names in problems.items():
        if names:
            raise _error(file, line, ", ".join(names), problem, hint)


def _row(file: Path, line: int, columns: list[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        column = columns[min(len(cells), len(columns) - 1)]
        problem = f"the row has {len(cells)} cells, the header {len(columns)}"
        raise _error(file, line, column, problem, "put a cell that holds a separator in quotes")
    row = dict(zip(columns, cells, strict=True))
    path = row.pop("path")
    if not path.strip():
        raise _error(file, line, "path", "is empty", "name the row's video, or delete the row")
    word = row.pop("label").strip()
    label = LABEL_WORDS.get(word.lower())
    if label is None:
        raise _error(file, line, "label", f"{word!r} is not a label", "say real, fake or unknown")
    return Row(line, path, Provenance(label, **{key: cell.strip() for key, cell in row.items()}))


class _Index:
    """Finds videos by what a row may call them."""

    def __init__(self, base: Path, videos: Iterable[File]) -> None:
        self._base = base.absolute()
        self._by_identity: dict[tuple[int, int], list[File]] = defaultdict(list)
        self._by_path: dict[str, list[File]] = defaultdict(list)
        self._by_name: dict[str, list[File]] = defaultdict(list)
        for video in videos:
            self._by_identity[video.identity].append(video)
            self._by_path[_key(video.path)].append(video)
            self._by_path[_key(printable(video.location))].append(video)
            self._by_name[_key(printable(video.name))].append(video)

    def find(self, path: str) -> list[File]:
        """List videos that the path may mean, by the first way of reading it that finds any."""
        identity = _identity(self._base / path)
        if identity in self._by_identity:
            return self._by_identity[identity]
        written_out = str(Path(printable(str(self._base)), path))
        return (
            self._by_path.get(_key(path))
            or self._by_path.get(_key(written_out))
            or self._by_name.get(_key(path))
            or []
        )


def _identity(location: Path) -> tuple[int, int] | None:
    try:
        status = location.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


def _key(path: str) -> str:
    # A Mac may spell é as two characters where the CSV has one.
    return unicodedata.normalize("NFC", os.path.normpath(path))


def _only(file: Path, row: Row, found: Sequence[File]) -> File:
    if not found:
        problem = f"{row.path!r} is none of the videos that were found"
        hint = "write it relative to the CSV or to the folder named, or delete the row"
        raise _error(file, row.line, "path", problem, hint)
    if len({video.identity for video in found}) > 1:
        problem = f"{row.path!r} may be {found[0].location!r} or {found[1].location!r}"
        raise _error(file, row.line, "path", problem, "write more of the path")
    return found[0]


def _error(file: Path, line: int, column: str, problem: str, hint: str) -> LabelsError:
    return LabelsError(f"{printable(str(file))}, line {line}, column {column}: {problem}", hint)
