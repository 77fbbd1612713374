"""The confusion matrix: faces by what they are and what they were taken for."""

from dataclasses import dataclass

from deepfake_dataset.baseline.scoring.predictions import Predictions


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Rows by what they are and what they were taken for."""

    threshold: float
    fake_as_fake: int
    fake_as_real: int
    real_as_fake: int
    real_as_real: int


def confusion_matrix(predictions: Predictions, threshold: float) -> ConfusionMatrix:
    """Counts of right and wrong at a threshold; at or above it is real."""
    called, is_real = predictions.p_real >= threshold, predictions.label == 1
    return ConfusionMatrix(
        threshold=threshold,
        fake_as_fake=int((~called & ~is_real).sum()),
        fake_as_real=int((called & ~is_real).sum()),
        real_as_fake=int((~called & is_real).sum()),
        real_as_real=int((called & is_real).sum()),
    )
