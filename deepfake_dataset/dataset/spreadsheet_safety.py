"""Spreadsheet safety: no cell of a CSV is run as a formula.

A cell that a spreadsheet would run gets an apostrophe before it, as OWASP advises ("CSV
Injection"); on the way back that apostrophe goes, and what a person typed stays.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

_BLANK = "[ \t\r\n\f\v\u00a0\u3000]"
_RUNS = rf"'*{_BLANK}*[=+\-@＝＋－＠]|'*[\t\r\n]"
"""What a spreadsheet takes for the start of a formula, full-width signs and leading blanks
included, behind any apostrophes of its own. Python and Arrow (RE2) read it alike."""
_TO_NEUTRALISE = re.compile(_RUNS)


def formula_safe(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if _TO_NEUTRALISE.match(text) else text


def formula_restored(cell: str) -> str:
    """The text that :func:`formula_safe` made the cell of; a cell that a person typed as it is."""
    return cell[1:] if cell[:1] == "'" and _TO_NEUTRALISE.match(cell, 1) else cell


def formula_safe_column(cells: pa.Array) -> pa.Array:
    """:func:`formula_safe` for a whole column of strings."""
    runs = f"^({_RUNS})"
    if not pc.any(pc.match_substring_regex(cells, runs)).as_py():
        return cells  # nearly always, and ten times as fast
    return pc.replace_substring_regex(cells, runs, r"'\1")


def formula_restored_column(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """:func:`formula_restored` for a whole column of strings."""
    return pc.replace_substring_regex(cells, f"^'({_RUNS})", r"\1")


def one_line(text: str) -> str:
    """The text on one line: line breaks and control characters become single spaces."""
    sound = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", sound).split())
