"""One training: epochs with a checkpoint after each, validation by video, early stopping."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples, need_both_classes
from deepfake_dataset.baseline.data.training_batches import TrainingBatches
from deepfake_dataset.baseline.models import build, need_keras, side_of
from deepfake_dataset.baseline.network.weights import load_weights
from deepfake_dataset.baseline.scoring.metrics import Predictions, by_mean, measure
from deepfake_dataset.baseline.scoring.predict import predict
from deepfake_dataset.baseline.training.checkpoint import (
    Arrays,
    Checkpoint,
    Epoch,
    read_checkpoint,
    write_checkpoint,
)
from deepfake_dataset.baseline.training.history import HISTORY_FILE
from deepfake_dataset.baseline.training.optimiser import (
    compile_network,
    recompute_batch_norm,
    reseed,
    scheduled_rate,
)
from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.storage.atomic import write_whole

_SETTLED = 16
"""Batches that the statistics of an epoch's end are taken from: 512 faces by default."""
_EDGE = 1e-6  # probabilities this near to 0 or 1 count as such in a loss


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is, after an update."""

    epoch: int
    """Counted from 1."""
    update: int
    """Of this epoch, counted from 1."""
    updates: int
    """Of one epoch."""
    epochs: int
    loss: float
    """Mean of this epoch so far."""
    ended: Epoch | None = None
    """The epoch's figures, in the last message of each."""


OnProgress = Callable[[Progress], None]


def train(
    training: Examples,
    validation: Examples | None,
    recipe: Recipe,
    folder: Path,
    *,
    weights: Path | None = None,
    resume: bool = False,
    mixed: bool = False,
    on_progress: OnProgress = lambda _: None,
) -> Any:
    """The trained network; a checkpoint and ``history.csv`` are in ``folder`` after each epoch.

    With ``resume`` a killed training of the same examples and recipe goes on after its last
    epoch, and ends as if it had not been killed. ``weights`` are started from. Where the recipe
    has patience the weights of the best epoch by validation are kept, else the last ones.

    Raises :class:`ImagesError` for one class only or an image that cannot be read,
    :class:`WeightsError` for weights that do not fit, and :class:`UsageError` for a checkpoint
    of another training.
    """
    need_both_classes(training, "what is to be trained on")
    need_keras()
    from deepfake_dataset.baseline.network.preprocessing_layers import (
        with_preprocessing,
        without_preprocessing,
    )

    model = compile_network(recipe, mixed=mixed)
    if weights is not None:
        load_weights(without_preprocessing(model), weights)
    key = _key((training, validation), recipe, weights, mixed=mixed)
    state = read_checkpoint(folder, key) if resume else Checkpoint(key)
    _restore(model, state)
    shown = with_preprocessing(without_preprocessing(model), levelled=recipe.levelled)
    validate = partial(_validated, shown, validation, recipe)
    with TrainingBatches(training, side_of(model), recipe, folder) as batches_of_epochs:
        while len(state.history) < recipe.epochs and not _is_done(state, recipe):
            state = _one_epoch(model, batches_of_epochs, validate, recipe, state, on_progress)
            write_checkpoint(folder, state)
            write_whole(folder / HISTORY_FILE, _as_csv(state.history))
    trained = build(recipe.model)
    trained.set_weights(state.best or state.network)
    return trained


def _key(
    sides: tuple[Examples | None, ...], recipe: Recipe, weights: Path | None, *, mixed: bool
) -> str:
    """Changes with whatever decides the result, but for the bytes of the images."""
    digest = hashlib.sha256(json.dumps([asdict(recipe), mixed]).encode())
    digest.update(weights.read_bytes() if weights else b"")
    for examples in filter(None, sides):
        for column in (examples.path, examples.label, examples.group):
            digest.update("\n".join(map(str, column.tolist())).encode())
    return digest.hexdigest()


def _restore(model: Any, state: Checkpoint) -> None:
    """Put the checkpoint's numbers into network and optimiser."""
    if state.network:
        model.set_weights(state.network)
        model.optimizer.build(model.trainable_variables)
        for variable, value in zip(model.optimizer.variables, state.optimiser, strict=True):
            variable.assign(value)


def _is_done(state: Checkpoint, recipe: Recipe) -> bool:
    """Whether validation has been no better for as long as the recipe waits."""
    return 0 < recipe.patience <= len(state.history) - state.best_epoch and bool(state.best)


def _one_epoch(
    model: Any,
    batches_of_epochs: TrainingBatches,
    validate: Callable[[], dict[str, Any]],
    recipe: Recipe,
    state: Checkpoint,
    on_progress: OnProgress,
) -> Checkpoint:
    done, updates = len(state.history), batches_of_epochs.updates
    reseed(model, recipe.seed, done)
    total, rate = np.zeros(2), recipe.learning_rate
    for number, parts in enumerate(batches_of_epochs.epoch(done)):
        rate = scheduled_rate(recipe, done * updates + number, recipe.epochs * updates)
        model.optimizer.learning_rate.assign(rate)
        for part in parts:
            model.reset_metrics()  # some versions of Keras average over calls, some do not
            total += model.train_on_batch(part.pixels, part.label)
        loss, accuracy = (float(sum_) / (number + 1) / recipe.accumulate for sum_ in total)
        on_progress(Progress(done + 1, number + 1, updates, recipe.epochs, loss))
    parts_again = islice(chain.from_iterable(batches_of_epochs.epoch(done)), _SETTLED)
    recompute_batch_norm(model, (part.pixels for part in parts_again))
    network = _copied(model.get_weights())
    epoch = Epoch(done + 1, rate, loss, accuracy, **validate())
    better = _is_better(epoch, state)
    new = state.after(
        epoch,
        network=network,
        optimiser=_copied([variable.numpy() for variable in model.optimizer.variables]),
        best=network if better and recipe.patience else state.best,
        best_epoch=epoch.epoch if better else state.best_epoch,
    )
    on_progress(Progress(done + 1, updates, updates, recipe.epochs, loss, epoch))
    return new


def _copied(weights: Arrays) -> Arrays:
    return [np.array(weight) for weight in weights]


def _validated(model: Any, validation: Examples | None, recipe: Recipe) -> dict[str, Any]:
    """The figures of an epoch that come from validation, by name."""
    if validation is None:
        return {}
    p_real = predict(model, validation, resize=recipe.resize)
    faces = Predictions.of(validation.label, p_real, video=validation.video, path=validation.path)
    videos = by_mean(faces)
    return {
        "val_loss": _cross_entropy(faces),
        "val_accuracy": measure(faces, resamples=0).balanced.value,
        "val_video_auc": measure(videos, resamples=0).auc.value,
        "val_video_loss": _cross_entropy(videos),
    }


def _cross_entropy(predictions: Predictions) -> float:
    """In nats, the mean of both classes."""
    p_real = np.clip(predictions.p_real, _EDGE, 1 - _EDGE)
    losses = -np.log(np.where(predictions.label == 1, p_real, 1 - p_real))
    return float(np.mean([losses[predictions.label == label].mean() for label in (0, 1)]))


def _is_better(epoch: Epoch, state: Checkpoint) -> bool:
    """By the AUC over videos; the loss over videos where that is the same."""
    if not state.best_epoch:
        return True
    return _merit(epoch) > _merit(state.history[state.best_epoch - 1])


def _merit(epoch: Epoch) -> tuple[float, float]:
    return (epoch.val_video_auc or 0.0, -(epoch.val_video_loss or 0.0))


def _as_csv(history: tuple[Epoch, ...]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(f.name for f in fields(Epoch))
    rows.writerows([getattr(epoch, f.name) for f in fields(Epoch)] for epoch in history)
    return text.getvalue()
