"""Writes a run's folder ``models/<run>/``: the network, its weights and its recipe."""

import json
from pathlib import Path
from typing import Any

from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import UsageError
from deepfake_dataset.storage.local import write_file
from deepfake_dataset.storage.os_errors import writing

MODEL_FILE = "model.keras"
WEIGHTS_FILE = "model.weights.h5"
RECIPE_FILE = "recipe.json"


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Keep what a run was asked for."""
    write_file(folder / RECIPE_FILE, json.dumps(to_row(recipe), indent=2) + "\n")


def read_recipe(folder: Path) -> Recipe:
    """What a run was asked for.

    Raises :class:`UsageError` where the folder holds no run, or a damaged one.
    """
    file = folder / RECIPE_FILE
    try:
        return from_row(Recipe, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", "name the folder of a run of dsbuild train-baseline"
        ) from error


def save_model(folder: Path, network: Any, *, levelled: bool) -> None:
    """Write the network's weights, and the network with what levels faces before it."""
    from deepfake_dataset.baseline.network.preprocessing_layers import with_preprocessing

    model = with_preprocessing(network, levelled=levelled)
    with writing(folder):
        for name, save in ((WEIGHTS_FILE, network.save_weights), (MODEL_FILE, model.save)):
            # Keras goes by the end of the name.
            aside = folder / f".partial-{name}"
            save(aside)
            aside.replace(folder / name)
