"""Draws reports/shortcut.png: how well the label can be told without pixels, and by what."""

from collections.abc import Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deepfake_dataset.split.audit.audit_record import Audit
from deepfake_dataset.split.audit.shortcut_classifier import SHORTCUT_AUC, Shortcut, ShortcutVerdict

_SHOWN = 10
_COLOURS = {"before": "#b8bec9", "after": "#20639b"}
_INK, _ALARM = "#333842", "#c0392b"

Stage = tuple[str, Shortcut]


def draw_shortcut(audit: Audit) -> bytes:
    """A PNG: the AUC with its interval, and the AUC of single features."""
    both = [("before", audit.before), ("after", audit.after)]
    stages = [(name, shortcut) for name, shortcut in both if shortcut is not None]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    whole, single = figure.subplots(1, 2, width_ratios=(2, 3))
    _draw_auc(whole, stages)
    _draw_features(single, stages)
    # Without the version of the library, so that the same audit gives the same bytes.
    target = BytesIO()
    figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()


def _draw_auc(axes: Axes, stages: Sequence[Stage]) -> None:
    for place, (name, found) in enumerate(stages):
        if found.auc is None or found.low is None or found.high is None:
            axes.text(0.5, place, found.verdict, ha="center", va="center", color=_INK)
            continue
        axes.plot([found.low, found.high], [place, place], color=_COLOURS[name], linewidth=6)
        axes.plot(found.auc, place, "o", color=_INK, markersize=8)
        few = f"\n{found.verdict}" if found.verdict is ShortcutVerdict.FEW else ""
        label = f"{found.auc:.2f}  ({found.low:.2f} to {found.high:.2f}){few}"
        axes.text(0.5, place - 0.12, label, ha="center", va="bottom", color=_INK)
    axes.set_yticks(range(len(stages)), [f"{name} balancing" for name, _ in stages])
    axes.set_ylim(len(stages) - 0.4, -0.6)
    axes.set_title("Real or fake, told without the pixels")
    _scale(axes, 0)


def _draw_features(axes: Axes, stages: Sequence[Stage]) -> None:
    first = stages[0][1]
    names = [feature.name for feature in first.traits[:_SHOWN]]
    height = 0.8 / len(stages)
    for i, (stage, found) in enumerate(stages):
        alone = {feature.name: feature.alone for feature in found.traits}
        places = [place + (i - (len(stages) - 1) / 2) * height for place in range(len(names))]
        widths = [alone.get(name, 0.5) - 0.5 for name in names]
        axes.barh(places, widths, height, left=0.5, color=_COLOURS[stage], label=stage)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_title("By one trait alone")
    if names:
        axes.legend(frameon=False, loc="lower right")
    _scale(axes, 0.3)


def _scale(axes: Axes, low: float) -> None:
    axes.set_xlim(low, 1)
    axes.set_xlabel("AUC across groups (.5 is chance)")
    axes.axvline(0.5, color=_INK, linewidth=1)
    axes.axvline(SHORTCUT_AUC, color=_ALARM, linewidth=1, linestyle="--")
    axes.spines[["top", "right"]].set_visible(False)
