"""Reads back an edited ``queue.csv`` and makes its decisions: all of them or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from deepfake_dataset.dataset.csv_tables import read_csv_rows
from deepfake_dataset.dataset.decisions import Action
from deepfake_dataset.dataset.spreadsheet_safety import formula_restored
from deepfake_dataset.errors import ReviewFileError
from deepfake_dataset.records import Label
from deepfake_dataset.review.make_decisions import DecisionRequest
from deepfake_dataset.review.session import ReviewSession

DECISION_WORDS: Mapping[str, tuple[Action, Label | None]] = {
    "keep": (Action.KEEP, None),
    "reject": (Action.REJECT, None),
    "wrong-person": (Action.WRONG_PERSON, None),
    **{f"relabel-{label}": (Action.RELABEL, label) for label in Label},
    "undo": (Action.UNDO, None),
}
"""What may stand in ``new_decision``; spaces and underscores will do for the hyphens."""
_NEEDED_COLUMNS = ("face_id", "new_decision")


@dataclass(frozen=True, slots=True)
class AppliedDecisions:
    """What came of a table."""

    made: int
    """Decisions added to the log."""
    known: int
    """Those that stood already."""
    overruled: int
    """Of those made, where someone had decided otherwise since the table was written."""


@dataclass(frozen=True, slots=True)
class EditedRow:
    """A row with a new decision."""

    line: int
    request: DecisionRequest
    decision: str | None
    """State of the face when the table was written; None where its column is gone."""


def apply_edited_csv(file: Path, session: ReviewSession, reviewer: str) -> AppliedDecisions:
    """Make the decisions of a table.

    Rows without a new decision, rows in another order, missing and added columns are no
    matter; commas, semicolons or tabs separate.

    Raises :class:`ReviewFileError`, which names line and column; then none was made.
    """
    rows = read_edited_csv(file)
    for row in rows:
        _check(file, row, session)
    due = [row for row in rows if not _is_decided(row.request, session)]
    overruled = [
        row for row in due if row.decision not in (None, session.state(row.request.face_id))
    ]
    if due:
        session.decide_all([row.request for row in due], reviewer=reviewer)
    return AppliedDecisions(len(due), len(rows) - len(due), len(overruled))


def read_edited_csv(file: Path) -> list[EditedRow]:
    """The rows of a table that hold a new decision.

    Raises :class:`ReviewFileError` for what is no such table, for unknown words and for two
    decisions on one face.
    """
    records = read_csv_rows(
        _text_of(file),
        lambda line, problem, hint: ReviewFileError(f"{file}, line {line}: {problem}", hint),
    )
    line, header = next(records, (1, []))
    columns = [name.strip().lower() for name in header]
    _check_header(file, line, columns)
    rows: dict[str, EditedRow] = {}
    for line, cells in records:
        if len(cells) <= columns.index("face_id"):
            hint = "a line break in a cell that is not in quotes breaks its row in two"
            raise _error(file, line, "face_id", "the row ends before it", hint)
        row = _row(file, line, columns, cells)
        if row is None:
            continue
        first = rows.setdefault(row.request.face_id, row)
        if first is not row:
            problem = f"line {first.line} decides on the same face"
            raise _error(file, line, "face_id", problem, "leave one of the two empty")
    return list(rows.values())


def _text_of(file: Path) -> str:
    try:
        data = file.read_bytes()
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except OSError as error:
        raise ReviewFileError(
            f"{file} cannot be read: {error.strerror}", "check the path given with --apply"
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReviewFileError(
            f"{file}, line {line}: not UTF-8", "save the table as “CSV UTF-8”"
        ) from error


def _check_header(file: Path, line: int, columns: list[str]) -> None:
    for name in _NEEDED_COLUMNS:
        if columns.count(name) != 1:
            problem = "is missing" if name not in columns else "stands there twice"
            hint = "the first row names the columns; dsbuild review --export writes such a table"
            raise _error(file, line, name, problem, hint)


def _row(file: Path, line: int, columns: list[str], cells: list[str]) -> EditedRow | None:
    row = {name: formula_restored(cell).strip() for name, cell in zip(columns, cells, strict=False)}
    word = "-".join(row.get("new_decision", "").lower().replace("_", " ").replace("-", " ").split())
    if not word:
        return None
    if word not in DECISION_WORDS:
        near = get_close_matches(word, DECISION_WORDS, n=1)
        hint = (
            f"did you mean {near[0]}?"
            if near
            else f"it takes {', '.join(DECISION_WORDS)} or nothing"
        )
        raise _error(file, line, "new_decision", f"{row['new_decision']!r} is no decision", hint)
    action, label = DECISION_WORDS[word]
    request = DecisionRequest(row.get("face_id", ""), action, row.get("new_reason", ""), label)
    return EditedRow(line, request, row.get("decision") or None)


def _check(file: Path, row: EditedRow, session: ReviewSession) -> None:
    face_id = row.request.face_id
    if not session.has(face_id):
        hint = "face ids are as in review/queue.csv; what is extracted anew may have others"
        raise _error(file, row.line, "face_id", f"there is no face {face_id!r}", hint)
    if row.request.action is not Action.UNDO:
        return
    if not session.can_undo(face_id):
        problem = f"nothing is decided on {face_id}"
        raise _error(file, row.line, "new_decision", problem, "leave the cell empty")
    if row.decision not in (None, session.state(face_id)):
        problem = f"{face_id} is {session.state(face_id)} by now, not {row.decision}"
        raise _error(file, row.line, "new_decision", problem, "export again, then undo")


def _is_decided(request: DecisionRequest, session: ReviewSession) -> bool:
    """Whether the same was decided already, so that a table can be applied twice."""
    return request.action is not Action.UNDO and session.is_decided(request)


def _error(file: Path, line: int, column: str, problem: str, hint: str) -> ReviewFileError:
    return ReviewFileError(f"{file}, line {line}, column {column}: {problem}", hint)
