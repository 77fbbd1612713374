"""Right and wrong are counted at a threshold."""

from deepfake_dataset.baseline.scoring.confusion_matrix import ConfusionMatrix, confusion_matrix
from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
)


def test_counts_of_right_and_wrong_depend_on_the_threshold() -> None:
    predictions = Predictions.of([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.8])
    assert confusion_matrix(predictions, 0.5) == ConfusionMatrix(0.5, 1, 1, 0, 2)
    assert confusion_matrix(predictions, 0.8) == ConfusionMatrix(0.8, 2, 0, 1, 1)
