"""Early stopping: whether an epoch is the best so far, and when to stop."""

from deepfake_dataset.baseline.training.checkpoint import Checkpoint
from deepfake_dataset.baseline.training.history import EpochFigures
from deepfake_dataset.baseline.training.recipes import Recipe


def should_stop(state: Checkpoint, recipe: Recipe) -> bool:
    """Whether validation has been no better for as long as the recipe waits."""
    return 0 < recipe.patience <= len(state.history) - state.best_epoch and bool(state.best)


def is_best_so_far(epoch: EpochFigures, state: Checkpoint) -> bool:
    """By the AUC over videos; the loss over videos where that is the same."""
    if not state.best_epoch:
        return True
    return _merit(epoch) > _merit(state.history[state.best_epoch - 1])


def _merit(epoch: EpochFigures) -> tuple[float, float]:
    return (epoch.val_video_auc or 0.0, -(epoch.val_video_loss or 0.0))
