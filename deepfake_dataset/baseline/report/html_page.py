"""The HTML page ``report.html``: one file with all that it shows, for light and dark screens."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from deepfake_dataset.baseline.report.html_tables import (
    confusion_map,
    figure,
    interval,
    scores_table,
    slices_table,
)
from deepfake_dataset.baseline.report.inline_images import face_uri
from deepfake_dataset.baseline.report.most_confident_faces import FacesOfKind, pick_faces
from deepfake_dataset.baseline.report.report import (
    About,
    BaselineReport,
    ReadFaces,
    TestPredictions,
)
from deepfake_dataset.baseline.report.svg_plots import (
    draw_history,
    draw_reliability,
    draw_roc,
    draw_scores,
)
from deepfake_dataset.baseline.scoring.accuracy_metrics import AccuracyMetrics
from deepfake_dataset.baseline.scoring.predictions import Predictions, videos_by_mean
from deepfake_dataset.baseline.training.history import History

_FACE_PX = 88
_FACES_INSIDE = 64
"""Faces of each class behind mean activations."""


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


def render_page(report: BaselineReport, contents: PageContents) -> str:
    """The page. What there is nothing to show of is left out."""
    about = report.about
    sections = (
        ("", _tiles(report)),
        ("Scores", _scores(report)),
        ("Confusion", _confusions(report)),
        ("Training", _row(_training(contents.history))),
        ("Curves", _row(_curves(report, contents.test))),
        ("By method, resolution and codec", slices_table(report.slices)),
        ("Faces", _faces(report, contents)),
        ("Inside the model", _inside(report, contents)),
    )
    body = "".join(_section(title, html) for title, html in sections if html)
    style = (
        files("deepfake_dataset.baseline.report").joinpath("report.css").read_text(encoding="utf-8")
    )
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(about.run)} · dsbuild</title>\n<style>\n{style}</style>\n"
        f"<main><header><h1>{escape(about.run)}</h1>{_lead(about)}</header>\n{body}</main>\n</html>\n"
    )


def _lead(about: About) -> str:
    words = (
        f"{about.model} with {about.parameters:,} parameters, recipe {about.recipe}, seed"
        f" {about.seed}. Trained on {about.trained_on:,} faces, validated on"
        f" {about.validated_on:,}, tested on {about.tested_on:,}."
    )
    command = f"<pre>{escape(about.command)}</pre>" if about.command else ""
    return f"<p>{escape(words)}</p>{command}"


def _section(title: str, html: str) -> str:
    heading = f"<h2>{title}</h2>" if title else ""
    return f"<section>{heading}{html}</section>\n"


def _tiles(report: BaselineReport) -> str:
    frames, videos = report.per_frame, report.per_video_by_mean
    tiles = (
        ("Balanced accuracy, per frame", frames, "balanced"),
        ("AUC, per frame", frames, "auc"),
        ("Balanced accuracy, per video", videos, "balanced"),
        ("AUC, per video", videos, "auc"),
        ("Calibration error", frames, "calibration_error"),
    )
    return f'<div class="tiles big">{"".join(_tile(*tile) for tile in tiles)}</div>'


def _tile(title: str, scores: AccuracyMetrics, name: str) -> str:
    estimate = getattr(scores, name)
    return f"<div>{title}<b>{figure(estimate, name)}</b>{interval(estimate, name)}</div>"


def _scores(report: BaselineReport) -> str:
    rows = (
        ("per frame", report.per_frame),
        ("per video, mean p_real", report.per_video_by_mean),
        (f"per video, share of frames from {report.threshold:g} on", report.per_video_by_share),
    )
    counts = report.per_frame
    words = (
        f"{counts.fake_rows:,} forged and {counts.real_rows:,} real frames of {counts.videos:,}"
        f" videos; a frame counts as real from p_real {report.threshold:g} on. Below each figure"
        " its 95 % interval, from resampling whole videos"
        f" {report.resamples:,} times; where a class has one video there is none."
        f" Scores are calibrated (temperature {report.calibration.temperature:.3g}, bias"
        f" {report.calibration.bias:+.3g});"
        " before that the calibration error per frame was"
        f" {figure(report.calibration_error_before, 'calibration_error')}."
    )
    return f"{scores_table(rows)}<p>{words}</p>"


def _confusions(report: BaselineReport) -> str:
    frames = confusion_map("Frames", report.frame_confusion)
    return _row([frames, confusion_map("Videos, mean p_real", report.video_confusion)])


def _training(history: History) -> list[str]:
    drawn = [draw_history(history, name) for name in ("loss", "accuracy")]
    titles = ("Loss", "Accuracy")
    return [_figure(svg, title) for svg, title in zip(drawn, titles, strict=True) if svg]


def _curves(report: BaselineReport, test: TestPredictions) -> list[str]:
    drawn = (
        (
            draw_roc(test.calibrated, videos_by_mean(test.calibrated)),
            "ROC: videos by their mean p_real",
        ),
        (draw_reliability(test.raw, test.calibrated), "Reliability: on the line, scores are true"),
        (draw_scores(test.calibrated, report.threshold), "Scores of each class, and the threshold"),
    )
    return [_figure(svg, title) for svg, title in drawn if svg]


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{caption}</figcaption></figure>"


def _row(parts: Iterable[str]) -> str:
    joined = "".join(parts)
    return f'<div class="row">{joined}</div>' if joined else ""


def _faces(report: BaselineReport, contents: PageContents) -> str:
    if contents.read_faces is None:
        return ""
    rows = pick_faces(contents.test.calibrated, report.threshold)
    return "".join(_faces_of_kind(row, contents.read_faces) for row in rows)


def _faces_of_kind(row: FacesOfKind, read_faces: ReadFaces) -> str:
    heading = f"<h3>{row.title}: {row.number:,}</h3>"
    if not row.number:
        return heading
    paths = row.faces.path.tolist()
    tiles = "".join(
        f'<figure title="{escape(path)}"><img src="{face_uri(face, _FACE_PX)}" alt="">'
        f"<figcaption>{p_real:.3f}</figcaption></figure>"
        for path, p_real, face in zip(paths, row.faces.p_real, read_faces(paths), strict=True)
    )
    return f'{heading}<div class="tiles">{tiles}</div>'


def _inside(report: BaselineReport, contents: PageContents) -> str:
    if contents.network is None:
        return ""
    from deepfake_dataset.baseline.report.activation_maps import (
        activations_section,
        excited_section,
    )

    section = excited_section(contents.network, report.about.seed)
    sides = [_spread(contents.test.raw, label) for label in (0, 1)]
    if contents.read_inputs is None or not all(sides):
        return section
    return activations_section(contents.network, *map(contents.read_inputs, sides)) + section


def _spread(predictions: Predictions, label: int) -> list[str]:
    """Paths of one class, evenly over the test."""
    paths = predictions.path[predictions.label == label]
    rows = np.unique(np.linspace(0, max(0, len(paths) - 1), _FACES_INSIDE).astype(np.intp))
    spread: list[str] = paths[rows].tolist() if len(paths) else []
    return spread
