"""The checkpoint of a training after an epoch: one file with all that the next epoch needs."""

import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.training.history import EpochFigures
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.errors import MissingKeyError, UsageError

Arrays = list[NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training between two epochs."""

    key: str
    """What the training was asked for; another key is another training."""
    history: tuple[EpochFigures, ...] = ()
    network: Arrays = field(default_factory=list)
    optimiser: Arrays = field(default_factory=list)
    best: Arrays = field(default_factory=list)
    """Weights of the epoch with the best validation."""
    best_epoch: int = 0

    def after(self, epoch: EpochFigures, **arrays: Any) -> Self:
        """The same training one epoch on."""
        return replace(self, history=(*self.history, epoch), **arrays)


_ARRAYS = ("network", "optimiser", "best")


def write_checkpoint(run: RunFolder, checkpoint: Checkpoint) -> None:
    """Replace the run's checkpoint in one step."""
    arrays = {
        f"{part}-{number:04d}": array
        for part in _ARRAYS
        for number, array in enumerate(getattr(checkpoint, part))
    }
    rows = [to_row(epoch) for epoch in checkpoint.history]
    text = json.dumps({"key": checkpoint.key, "best": checkpoint.best_epoch, "history": rows})
    memory = io.BytesIO()
    np.savez(memory, about=np.array(text), **arrays)
    run.write(layout.CHECKPOINT, memory.getvalue())


def read_checkpoint(run: RunFolder, key: str) -> Checkpoint:
    """The run's checkpoint; a new training where there is none.

    Raises :class:`UsageError` where it is damaged or that of another training.
    """
    try:
        found = _parsed(run.read(layout.CHECKPOINT))
    except MissingKeyError:
        return Checkpoint(key)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        place = run.location(layout.CHECKPOINT)
        raise UsageError(f"{place} cannot be read: {error}", "train without --resume") from error
    if found.key != key:
        raise UsageError(
            f"{run.location()} holds a training with other faces or another recipe",
            "name another run with --run, or train without --resume",
        )
    return found


def _parsed(data: bytes) -> Checkpoint:
    with np.load(io.BytesIO(data)) as stored:
        about = json.loads(str(stored["about"]))
        names = sorted(name for name in stored.files if name != "about")
        parts = {
            part: [stored[name] for name in names if name.startswith(f"{part}-")]
            for part in _ARRAYS
        }
    history = tuple(EpochFigures(**row) for row in about["history"])
    return Checkpoint(about["key"], history, best_epoch=about["best"], **parts)
