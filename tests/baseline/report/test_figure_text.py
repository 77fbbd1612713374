"""Figures are written as people read them."""

from deepfake_dataset.baseline.report.figure_text import column_head, figure, interval
from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate

KNOWN = Estimate(0.8914, 0.85, 0.9)


def test_shares_are_in_percent_and_areas_are_not() -> None:
    assert figure(KNOWN, "balanced") == "89.1\u202f%"
    assert figure(KNOWN, "equal_error_rate") == "89.1\u202f%"
    assert figure(KNOWN, "auc") == "0.891"


def test_an_interval_says_percent_no_more() -> None:
    assert interval(KNOWN, "balanced") == "85.0–90.0"
    assert interval(KNOWN, "auc") == "0.850–0.900"


def test_what_is_not_known_is_a_dash_without_an_interval() -> None:
    assert figure(Estimate(None), "auc") == "–"
    assert interval(Estimate(0.5), "auc") == ""


def test_columns_are_called_as_the_field_calls_them() -> None:
    assert column_head("auc") == "AUC"
    assert column_head("real") == "real"
