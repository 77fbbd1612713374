import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.dataset.spreadsheet_safety import (
    formula_restored,
    formula_restored_column,
    formula_safe,
    one_line,
)

ODD = st.text(st.sampled_from("'=+-@ \t\r\n＝＠a1;,\"\u00a0"), max_size=8) | st.text(max_size=8)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1", "'=1", "\n@x", "\u00a0=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_a_spreadsheet_would_run_does_not_come_first(formula):
    assert formula_safe(formula) == f"'{formula}"
    assert formula_restored(formula_safe(formula)) == formula


@pytest.mark.parametrize("plain", ["", "blurred", "a=b", "'tis", "1", "Zoë", "x -1"])
def test_other_cells_stay_as_they_are(plain):
    assert formula_safe(plain) == plain
    assert formula_restored(plain) == plain


@given(ODD)
def test_every_text_comes_back(text):
    assert formula_restored(formula_safe(text)) == text


@given(st.lists(ODD, min_size=1))
def test_columns_are_restored_as_cells_are(texts):
    cells = [formula_safe(text) for text in texts]
    assert formula_restored_column(pa.chunked_array([cells])).to_pylist() == texts


@given(ODD)
def test_a_cell_that_a_person_typed_stays_or_loses_only_the_guard(text):
    assert formula_restored(text) in (text, text[1:])


@given(st.text())
def test_one_line_is_one_line_that_can_be_written(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerow([line, "x"])
    assert file.getvalue().count("\n") == 1


def test_half_of_a_surrogate_pair_does_not_stop_the_log():
    assert one_line("a\ud800b").encode()
