"""The HTML page ``report.html``, of the templates beside: what it shows, and its rendering."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from deepfake_dataset.baseline.report import figure_text
from deepfake_dataset.baseline.report.inline_images import face_uri
from deepfake_dataset.baseline.report.most_confident_faces import FacesOfKind, pick_faces
from deepfake_dataset.baseline.report.report_json import BaselineReport, TestPredictions
from deepfake_dataset.baseline.report.svg_plots import (
    draw_history,
    draw_reliability,
    draw_roc,
    draw_scores,
)
from deepfake_dataset.baseline.scoring.accuracy_metrics import Slice
from deepfake_dataset.baseline.scoring.predictions import Predictions, videos_by_mean
from deepfake_dataset.baseline.training.history import History

_FACE_PX = 88
_FACES_INSIDE = 64
"""Faces of each class behind mean activations."""

ReadFaces = Callable[[Sequence[str]], NDArray[np.float32]]
"""From paths of predictions to (n, side, side, 3) in [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class PageContents:
    """What the page shows beside the report's figures."""

    test: TestPredictions
    history: History
    network: Any
    """A Keras model; None to show nothing of its inside."""
    read_faces: ReadFaces | None
    """Gives faces as they are, for a person to look at; None to show none."""
    read_inputs: ReadFaces | None
    """Gives them as the network takes them."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot with its caption."""

    svg: str
    """Markup; empty where there is nothing to draw."""
    caption: str


@dataclass(frozen=True, slots=True)
class FaceTile:
    """A face, and what the model says of it."""

    path: str
    uri: str
    p_real: float


@dataclass(frozen=True, slots=True)
class ShownFaces:
    """Faces of one kind; ``number`` is of all there are, shown or not."""

    title: str
    number: int
    tiles: tuple[FaceTile, ...]


def render_page(report: BaselineReport, contents: PageContents) -> str:
    """The page. What there is nothing to show of is left out."""
    page = _environment().get_template("page.html")
    return page.render(
        report=report,
        about=report.about,
        training_plots=_training_plots(contents.history),
        score_plots=_score_plots(report, contents.test),
        slices=_slices_by_column(report.slices),
        faces=_shown_faces(report, contents),
        **_inside(report, contents),
    )


@cache
def _environment() -> Environment:
    """Templates are escaped, and fail where they name what is not there."""
    environment = Environment(
        loader=PackageLoader("deepfake_dataset.baseline.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "written": format,
        "percent": figure_text.percent,
        "figure": figure_text.figure,
        "interval": figure_text.interval,
        "column_head": figure_text.column_head,
    }
    environment.globals |= {
        "score_columns": (*figure_text.SHARES, *figure_text.RANKS),
        "slice_columns": (*figure_text.SHARES[:2], "balanced", "auc"),
    }
    return environment


def _training_plots(history: History) -> list[Plot]:
    return _drawn(
        Plot(draw_history(history, "loss"), "Loss"),
        Plot(draw_history(history, "accuracy"), "Accuracy"),
    )


def _score_plots(report: BaselineReport, test: TestPredictions) -> list[Plot]:
    frames, videos = test.calibrated, videos_by_mean(test.calibrated)
    spread = draw_scores(frames, report.threshold)
    return _drawn(
        Plot(draw_roc(frames, videos), "ROC: videos by their mean p_real"),
        Plot(draw_reliability(test.raw, frames), "Reliability: on the line, scores are true"),
        Plot(spread, "Scores of each class, and the threshold"),
    )


def _drawn(*plots: Plot) -> list[Plot]:
    return [plot for plot in plots if plot.svg]


def _slices_by_column(slices: Sequence[Slice]) -> list[tuple[str, list[Slice]]]:
    """In the order of the columns in the report."""
    return [(column, list(values)) for column, values in groupby(slices, lambda s: s.column)]


def _shown_faces(report: BaselineReport, contents: PageContents) -> list[ShownFaces]:
    if contents.read_faces is None:
        return []
    kinds = pick_faces(contents.test.calibrated, report.threshold)
    return [_tiles(kind, contents.read_faces) for kind in kinds]


def _tiles(kind: FacesOfKind, read_faces: ReadFaces) -> ShownFaces:
    paths, scores = kind.faces.path.tolist(), kind.faces.p_real.tolist()
    pixels = read_faces(paths) if paths else ()
    tiles = (
        FaceTile(path, face_uri(face, _FACE_PX), p_real)
        for path, face, p_real in zip(paths, pixels, scores, strict=True)
    )
    return ShownFaces(kind.title, kind.number, tuple(tiles))


def _inside(report: BaselineReport, contents: PageContents) -> dict[str, Any]:
    """What the page shows of a network's inside; Keras is not imported where that is nothing."""
    if contents.network is None:
        return {"activations": None, "maximising_inputs": ()}
    from deepfake_dataset.baseline.report.activation_maps import (
        draw_activation_maps,
        draw_maximising_inputs,
    )

    inputs = draw_maximising_inputs(contents.network, report.about.seed)
    sides = [_evenly_spread(contents.test.raw, label) for label in (0, 1)]
    if contents.read_inputs is None or not all(sides):
        return {"activations": None, "maximising_inputs": inputs}
    maps = draw_activation_maps(contents.network, *map(contents.read_inputs, sides))
    return {"activations": maps, "maximising_inputs": inputs}


def _evenly_spread(predictions: Predictions, label: int) -> list[str]:
    """Paths of one class, evenly over the test."""
    paths = predictions.path[predictions.label == label]
    rows = np.unique(np.linspace(0, max(0, len(paths) - 1), _FACES_INSIDE).astype(np.intp))
    spread: list[str] = paths[rows].tolist() if len(paths) else []
    return spread
