"""Validation after an epoch: loss, balanced accuracy, AUC over videos."""

from typing import Any

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.scoring.accuracy_metrics import compute_metrics
from deepfake_dataset.baseline.scoring.predict import predict
from deepfake_dataset.baseline.scoring.predictions import Predictions, videos_by_mean
from deepfake_dataset.baseline.training.recipes import Recipe

_EDGE = 1e-6  # probabilities this near to 0 or 1 count as such in a loss


def validate_epoch(model: Any, validation: Examples | None, recipe: Recipe) -> dict[str, Any]:
    """The figures of an epoch that come from validation, by name."""
    if validation is None:
        return {}
    p_real = predict(model, validation, resize=recipe.resize)
    faces = Predictions.of(validation.label, p_real, video=validation.video, path=validation.path)
    videos = videos_by_mean(faces)
    return {
        "val_loss": _cross_entropy(faces),
        "val_accuracy": compute_metrics(faces, resamples=0).balanced.value,
        "val_video_auc": compute_metrics(videos, resamples=0).auc.value,
        "val_video_loss": _cross_entropy(videos),
    }


def _cross_entropy(predictions: Predictions) -> float:
    """In nats, the mean of both classes."""
    p_real = np.clip(predictions.p_real, _EDGE, 1 - _EDGE)
    losses = -np.log(np.where(predictions.label == 1, p_real, 1 - p_real))
    return float(np.mean([losses[predictions.label == label].mean() for label in (0, 1)]))
