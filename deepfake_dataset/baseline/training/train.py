"""One training: epochs with a checkpoint after each, validation by video, early stopping."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples, need_both_classes
from deepfake_dataset.baseline.data.training_batches import TrainingBatches
from deepfake_dataset.baseline.keras_backend import set_up_keras
from deepfake_dataset.baseline.models import build_model, input_side_px
from deepfake_dataset.baseline.network.load_weights import load_weights
from deepfake_dataset.baseline.training.batch_norm_statistics import recompute_batch_norm
from deepfake_dataset.baseline.training.checkpoint import (
    Arrays,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from deepfake_dataset.baseline.training.early_stopping import is_best_so_far, should_stop
from deepfake_dataset.baseline.training.epoch_validation import validate_epoch
from deepfake_dataset.baseline.training.history import EpochFigures, write_history
from deepfake_dataset.baseline.training.learning_rate import scheduled_rate
from deepfake_dataset.baseline.training.loss_and_optimiser import compile_network, reseed_dropout
from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder

_SETTLED = 16
"""Batches that the statistics of an epoch's end are taken from: 512 faces by default."""


@dataclass(frozen=True, slots=True)
class TrainingProgress:
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
    ended: EpochFigures | None = None
    """The epoch's figures, in the last message of each."""


OnProgress = Callable[[TrainingProgress], None]


def train(
    training: Examples,
    validation: Examples | None,
    recipe: Recipe,
    run: RunFolder,
    *,
    weights: Path | None = None,
    resume: bool = False,
    mixed: bool = False,
    on_progress: OnProgress = lambda _: None,
) -> Any:
    """The trained network; a checkpoint and ``history.csv`` are in ``run`` after each epoch.

    With ``resume`` a killed training of the same examples and recipe goes on after its last
    epoch, and ends as if it had not been killed. ``weights`` are started from. Where the recipe
    has patience the weights of the best epoch by validation are kept, else the last ones.

    Raises :class:`ImagesError` for one class only or an image that cannot be read,
    :class:`WeightsError` for weights that do not fit, and :class:`UsageError` for a checkpoint
    of another training.
    """
    need_both_classes(training, "what is to be trained on")
    set_up_keras()
    from deepfake_dataset.baseline.network.preprocessing_layers import (
        with_preprocessing,
        without_preprocessing,
    )

    model = compile_network(recipe, mixed=mixed)
    if weights is not None:
        load_weights(without_preprocessing(model), weights)
    key = _key((training, validation), recipe, weights, mixed=mixed)
    state = read_checkpoint(run, key) if resume else Checkpoint(key)
    _restore(model, state)
    shown = with_preprocessing(without_preprocessing(model), levelled=recipe.levelled)
    validate = partial(validate_epoch, shown, validation, recipe)
    with TrainingBatches(training, input_side_px(model), recipe, run) as batches_of_epochs:
        while len(state.history) < recipe.epochs and not should_stop(state, recipe):
            state = _one_epoch(model, batches_of_epochs, validate, recipe, state, on_progress)
            write_checkpoint(run, state)
            write_history(run, state.history)
    trained = build_model(recipe.model)
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


def _one_epoch(
    model: Any,
    batches_of_epochs: TrainingBatches,
    validate: Callable[[], dict[str, Any]],
    recipe: Recipe,
    state: Checkpoint,
    on_progress: OnProgress,
) -> Checkpoint:
    done, updates = len(state.history), batches_of_epochs.updates
    reseed_dropout(model, recipe.seed, done)
    total, rate = np.zeros(2), recipe.learning_rate
    for number, parts in enumerate(batches_of_epochs.epoch(done)):
        rate = scheduled_rate(recipe, done * updates + number, recipe.epochs * updates)
        model.optimizer.learning_rate.assign(rate)
        for part in parts:
            model.reset_metrics()  # some versions of Keras average over calls, some do not
            total += model.train_on_batch(part.pixels, part.label)
        loss, accuracy = (float(sum_) / (number + 1) / recipe.accumulate for sum_ in total)
        on_progress(TrainingProgress(done + 1, number + 1, updates, recipe.epochs, loss))
    parts_again = islice(chain.from_iterable(batches_of_epochs.epoch(done)), _SETTLED)
    recompute_batch_norm(model, (part.pixels for part in parts_again))
    network = _copied(model.get_weights())
    epoch = EpochFigures(done + 1, rate, loss, accuracy, **validate())
    better = is_best_so_far(epoch, state)
    new = state.after(
        epoch,
        network=network,
        optimiser=_copied([variable.numpy() for variable in model.optimizer.variables]),
        best=network if better and recipe.patience else state.best,
        best_epoch=epoch.epoch if better else state.best_epoch,
    )
    on_progress(TrainingProgress(done + 1, updates, updates, recipe.epochs, loss, epoch))
    return new


def _copied(weights: Arrays) -> Arrays:
    return [np.array(weight) for weight in weights]
