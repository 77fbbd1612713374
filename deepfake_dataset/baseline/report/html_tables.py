"""The report's tables, as HTML: figures with their intervals, confusion matrices."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from deepfake_dataset.baseline.scoring.accuracy_metrics import AccuracyMetrics, Slice
from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
from deepfake_dataset.baseline.scoring.confusion_matrix import ConfusionMatrix

_SHARES = ("forged", "real", "total", "balanced")
_RANKS = (
    "auc",
    "average_precision",
    "equal_error_rate",
    "calibration_error",
    "confidence_error",
)
_HEADS = {
    "auc": "AUC",
    "average_precision": "average precision",
    "equal_error_rate": "equal error rate",
    "calibration_error": "calibration error",
    "confidence_error": "of the surer class",
}


def scores_table(rows: Sequence[tuple[str, AccuracyMetrics]]) -> str:
    """A row for each way to score, a column for each figure."""
    names = _SHARES + _RANKS
    head = _row("th", ["", *(_HEADS.get(name, name) for name in names)])
    body = [_scores_row(title, scores, names) for title, scores in rows]
    return _table(head, body)


def slices_table(slices: Iterable[Slice]) -> str:
    """A part for each column, a row for each of its values; empty text for no slices."""
    names = (*_SHARES[:2], "balanced", "auc")
    parts = []
    for column, values in groupby(slices, key=lambda part: part.column):
        head = _row("th", [column, "faces", "videos", *(_HEADS.get(n, n) for n in names)])
        body = [
            _scores_row(
                part.value, part.scores, names, (str(part.scores.rows), str(part.scores.videos))
            )
            for part in values
        ]
        parts.append(_table(head, body))
    return f'<div class="slices">{"".join(parts)}</div>' if parts else ""


def confusion_map(title: str, counts: ConfusionMatrix) -> str:
    """Two rows, a class each, whose cells are the darker the more of the class is in them."""
    rows = (
        ("forged", counts.fake_as_fake, counts.fake_as_real),
        ("real", counts.real_as_fake, counts.real_as_real),
    )
    body = []
    for name, as_fake, as_real in rows:
        whole = max(1, as_fake + as_real)
        cells = "".join(_heat(number, number / whole) for number in (as_fake, as_real))
        body.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
    head = "<tr><td></td><th>taken for forged</th><th>taken for real</th></tr>"
    caption = f"<caption>{escape(title)}, real from p_real {counts.threshold:g} on</caption>"
    return f'<table class="heat">{caption}{head}{"".join(body)}</table>'


def percent(share: float) -> str:
    """A share for people: 89.1 %."""
    return f"{100 * share:.1f}\u202f%"


def interval(estimate: Estimate, kind: str) -> str:
    """The interval of a figure in small type; empty text where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    ends = [_figure(end, kind).removesuffix("\u202f%") for end in (estimate.low, estimate.high)]
    return f'<span class="interval">{"–".join(ends)}</span>'


def figure(estimate: Estimate, kind: str) -> str:
    """The figure in its own notation; a dash where there is nothing to tell it from."""
    return "–" if estimate.value is None else _figure(estimate.value, kind)


def _figure(value: float, kind: str) -> str:
    return percent(value) if kind in _SHARES or kind == "equal_error_rate" else f"{value:.3f}"


def _scores_row(
    title: str, scores: AccuracyMetrics, names: Iterable[str], counts: tuple[str, ...] = ()
) -> str:
    cells = "".join(f"<td>{count}</td>" for count in counts)
    for name in names:
        estimate = getattr(scores, name)
        cells += f"<td>{figure(estimate, name)}{interval(estimate, name)}</td>"
    return f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>'


def _heat(number: int, share: float) -> str:
    ink = ' class="dark"' if share > 0.6 else ""
    heat = f"background:rgb(var(--heat)/{share:.3f})"
    return f'<td{ink} style="{heat}">{number}<span>{percent(share)}</span></td>'


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _table(head: str, body: Iterable[str]) -> str:
    rows = f"<thead>{head}</thead><tbody>{''.join(body)}</tbody>"
    return f'<div class="wide"><table class="figures">{rows}</table></div>'
