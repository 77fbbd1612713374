"""Plots as SVG text that takes its ink from the page, so that they suit light and dark."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from sklearn.metrics import roc_curve

from deepfake_dataset.baseline.scoring.accuracy_metrics import BINS
from deepfake_dataset.baseline.scoring.predictions import Floats, Predictions
from deepfake_dataset.baseline.training.history import History

_SIZE = (4.6, 3.4)  # inches; the page scales it
# Colours that stand for the page's own; matplotlib knows no CSS variables.
_INK, _FAINT, _REAL, _FAKE = "#010203", "#040506", "#070809", "#0a0b0c"
_THEME = {_INK: "var(--ink)", _FAINT: "var(--faint)", _REAL: "var(--real)", _FAKE: "var(--fake)"}
_STYLE: Any = {
    "svg.fonttype": "none",  # text remains text: small, selectable, in the page's own type
    "svg.hashsalt": "dsbuild",  # ids are otherwise random, and the same report not the same bytes
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "xtick.labelcolor": _INK,
    "ytick.labelcolor": _INK,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of several."""

    name: str
    x: Floats
    y: Floats
    colour: str
    dashed: bool = False


def draw_history(history: History, figure: str) -> str:
    """A figure of every epoch, ``loss`` or ``accuracy``, in training and validation.

    Empty text where the history does not have it.
    """
    kinds = (("training", figure, _FAINT, True), ("validation", f"val_{figure}", _REAL, False))
    lines = [
        Line(name, *history.known(column), colour, dashed)
        for name, column, colour, dashed in kinds
        if len(history.known(column)[0])
    ]
    if not lines:
        return ""

    def draw(axes: Axes) -> None:
        _draw_lines(axes, lines, "." if len(history.epoch) < 60 else "")
        axes.set(xlabel="epoch", ylabel=figure)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    return _svg(draw, f"{figure} of each epoch in training and validation")


def draw_roc(frames: Predictions, videos: Predictions) -> str:
    """ROC curves of faces and of videos; empty text where there is one class."""
    if len(np.unique(frames.label)) < 2:
        return ""
    lines = [
        Line(name, *_roc(of), colour, dashed)
        for name, of, colour, dashed in (
            ("per frame", frames, _FAINT, True),
            ("per video", videos, _REAL, False),
        )
    ]

    def draw(axes: Axes) -> None:
        _draw_diagonal(axes)
        _draw_lines(axes, lines, "")
        axes.set(xlabel="real taken for forged", ylabel="forged found")

    return _svg(draw, "ROC curves per frame and per video")


def draw_reliability(before: Predictions, after: Predictions) -> str:
    """Share of real faces over their score, before and after calibration; empty for no faces."""
    if not len(before):
        return ""
    lines = [
        Line("as the model says", *_reliability(before), _FAINT, dashed=True),
        Line("calibrated", *_reliability(after), _REAL),
    ]

    def draw(axes: Axes) -> None:
        _draw_diagonal(axes)
        _draw_lines(axes, lines, "o")
        axes.set(xlabel="mean p_real of a bin", ylabel="share of it that is real")

    return _svg(draw, "reliability before and after calibration")


def draw_scores(predictions: Predictions, threshold: float) -> str:
    """How the scores of each class are spread; empty text for no faces."""
    if not len(predictions):
        return ""
    edges = np.linspace(0, 1, 2 * BINS + 1)

    def draw(axes: Axes) -> None:
        for label, name, colour in ((1, "real", _REAL), (0, "forged", _FAKE)):
            scores = predictions.p_real[predictions.label == label]
            if len(scores):
                shares = np.histogram(scores, edges)[0] / len(scores)
                axes.stairs(shares, edges, color=colour, fill=True, alpha=0.35)
                axes.stairs(shares, edges, color=colour, label=name, linewidth=1.4)
        axes.axvline(threshold, color=_FAINT, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.set(xlabel="p_real", ylabel="share of the class's faces", xlim=(0, 1))
        axes.legend()

    return _svg(draw, "scores of real and of forged faces")


def _roc(predictions: Predictions) -> tuple[Floats, Floats]:
    """Share of the real taken for forged, and of the forged found, at every threshold."""
    lost, found, _ = roc_curve(1 - predictions.label, 1 - predictions.p_real)
    return lost, found


def _reliability(predictions: Predictions) -> tuple[Floats, Floats]:
    """Mean score and share of real faces in each bin that has any."""
    bins = np.minimum((predictions.p_real * BINS).astype(np.intp), BINS - 1)
    number = np.bincount(bins, minlength=BINS)
    filled = number > 0
    sums = (np.bincount(bins, of, BINS) for of in (predictions.p_real, predictions.label))
    scores, shares = (of[filled] / number[filled] for of in sums)
    return scores, shares


def _draw_lines(axes: Axes, lines: Sequence[Line], marker: str) -> None:
    for line in lines:
        style = (0, (4, 2)) if line.dashed else "-"
        axes.plot(
            line.x,
            line.y,
            color=line.colour,
            linestyle=style,
            marker=marker,
            markersize=4,
            linewidth=1.6,
            label=line.name,
        )
    axes.legend()


def _draw_diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=0.6)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))


def _svg(draw: Callable[[Axes], None], name: str) -> str:
    """An inline SVG element, the same bytes for the same drawing."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        draw(axes)
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    for colour, variable in _THEME.items():
        drawn = drawn.replace(colour, variable)
    element = drawn[drawn.index("<svg") :]
    return element.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
