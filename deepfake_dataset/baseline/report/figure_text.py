"""How figures are written in the report: in percent or as decimals, with their intervals."""

from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate

SHARES = ("forged", "real", "total", "balanced")
RANKS = (
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


def column_head(name: str) -> str:
    """What a figure of :class:`AccuracyMetrics` is called above its column."""
    return _HEADS.get(name, name)


def percent(share: float) -> str:
    """A share for people: 89.1 %."""
    return f"{100 * share:.1f}\u202f%"


def figure(estimate: Estimate, name: str) -> str:
    """The figure in its own notation; a dash where there is nothing to tell it from."""
    return "–" if estimate.value is None else _written(estimate.value, name)


def interval(estimate: Estimate, name: str) -> str:
    """The ends of its interval; empty text where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    ends = (estimate.low, estimate.high)
    return "–".join(_written(end, name).removesuffix("\u202f%") for end in ends)


def _written(value: float, name: str) -> str:
    return percent(value) if name in SHARES or name == "equal_error_rate" else f"{value:.3f}"
