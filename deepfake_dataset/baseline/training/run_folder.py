"""The folder of a training, ``models/<run>/``: its files, among them network and recipe."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import MissingKeyError, UsageError
from deepfake_dataset.storage.base import Spool, Storage
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.os_errors import writing


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a training's files lie; :mod:`layout` has their names."""

    storage: Storage
    prefix: str = ""
    """Ends in a slash; empty where the whole storage is the training's."""

    @classmethod
    def at(cls, folder: Path) -> Self:
        """A folder on a disk, in a dataset or not."""
        return cls(LocalStorage(folder))

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.location().rpartition("/")[2]

    def write(self, name: str, data: str | bytes) -> None:
        """Replace a file in one step; text as UTF-8."""
        self.storage.put(self.prefix + name, data.encode() if isinstance(data, str) else data)

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises :class:`MissingKeyError`."""
        return self.storage.get(self.prefix + name)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.storage.stat(self.prefix + name) is not None

    def location(self, name: str = "") -> str:
        """Where a file lies, or all of them, as people are told."""
        return self.storage.location((self.prefix + name).rstrip("/"))

    def spool(self) -> AbstractContextManager[Spool]:
        """A folder on this machine to make files in; gone afterwards."""
        return self.storage.spool(self.prefix)


def write_recipe(run: RunFolder, recipe: Recipe) -> None:
    """Keep what a run was asked for."""
    run.write(layout.TRAINING_RECIPE, json.dumps(to_row(recipe), indent=2) + "\n")


def read_recipe(run: RunFolder) -> Recipe:
    """What a run was asked for.

    Raises :class:`UsageError` where the folder holds no run, or a damaged one.
    """
    try:
        return from_row(Recipe, json.loads(run.read(layout.TRAINING_RECIPE)))
    except (MissingKeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{run.location(layout.TRAINING_RECIPE)} cannot be read: {error}",
            "name the folder of a run of dsbuild train-baseline",
        ) from error


def save_model(run: RunFolder, network: Any, *, levelled: bool) -> None:
    """Write the network's weights, and the network with what levels faces before it."""
    from deepfake_dataset.baseline.network.preprocessing_layers import with_preprocessing

    model = with_preprocessing(network, levelled=levelled)
    saves = {layout.MODEL_WEIGHTS: network.save_weights, layout.TRAINED_MODEL: model.save}
    with run.spool() as spool:
        for name, save in saves.items():
            with writing(spool.folder / name):
                save(spool.folder / name)
        run.storage.put_files((run.prefix + name, spool.folder / name) for name in saves)
