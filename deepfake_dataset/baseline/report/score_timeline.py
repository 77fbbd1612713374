"""A video's scores over its scenes, as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from numpy.typing import NDArray

from deepfake_dataset.baseline.scoring.predictions import Floats

_REAL, _FAKE, _FAINT, _PANEL = "#2563c9", "#d9600f", "#868c94", "#f3f4f6"
_SIZE = (11.0, 3.6)  # inches, at 110 dots each
_DPI = 110
_FACE_PX = 56
_MOST_FACES = 16  # side by side in the picture's width


@dataclass(frozen=True, slots=True, eq=False)
class SceneScores:
    """A scene: its faces' scores over time."""

    start_s: float
    end_s: float
    time_s: Floats
    p_real: Floats
    face: NDArray[np.uint8] | None
    """(height, width, 3) of one of its faces; None where it has none."""


def draw_timeline(title: str, parts: Sequence[SceneScores], threshold: float) -> bytes:
    """A PNG: a dot a face, a line at each scene's mean, a face of each scene above.

    Dots at or above the threshold are blue for real, the others orange.
    """
    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, part in enumerate(parts):
        _draw_part(axes, part, threshold, shaded=bool(number % 2))
    _draw_faces(axes, [part for part in parts if part.face is not None])
    axes.axhline(threshold, color=_FAINT, linewidth=0.8, linestyle=(0, (3, 3)))
    end = max((part.end_s for part in parts), default=1.0)
    axes.set(xlim=(0, max(end, 1e-3)), ylim=(-0.03, 1.03), xlabel="time, s", ylabel="p_real")
    axes.set_title(_plain(title), loc="left", fontsize=11, pad=_FACE_PX * 0.75 + 14)
    axes.spines[["top", "right"]].set_visible(False)
    data = BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()


def _draw_part(axes: Axes, part: SceneScores, threshold: float, *, shaded: bool) -> None:
    if shaded:
        axes.axvspan(part.start_s, part.end_s, color=_PANEL, linewidth=0)
    if not len(part.p_real):
        return
    colours = np.where(part.p_real >= threshold, _REAL, _FAKE).tolist()
    axes.scatter(part.time_s, part.p_real, s=9, c=colours, alpha=0.7, linewidths=0)
    mean = float(part.p_real.mean())
    colour = _REAL if mean >= threshold else _FAKE
    axes.hlines(mean, part.start_s, part.end_s, color=colour, linewidth=2)


def _draw_faces(axes: Axes, parts: Sequence[SceneScores]) -> None:
    """Above the scene's middle; of many scenes some, evenly, so that faces do not overlap."""
    shown = np.unique(np.linspace(0, len(parts) - 1, min(len(parts), _MOST_FACES)).astype(int))
    for part in (parts[n] for n in shown.tolist()):
        assert part.face is not None
        picture = OffsetImage(part.face, zoom=_FACE_PX / part.face.shape[0] * 72 / _DPI)
        middle = (part.start_s + part.end_s) / 2
        above = AnnotationBbox(
            picture,
            (middle, 1.0),
            xybox=(0, _FACE_PX * 0.36 + 8),
            xycoords=("data", "axes fraction"),
            boxcoords="offset points",
            frameon=False,
        )
        above.set_in_layout(False)
        axes.add_artist(above)


def _plain(title: str) -> str:
    """Without what matplotlib takes for formulas."""
    return title.replace("$", r"\$")
