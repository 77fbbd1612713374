"""How fast Meso4 trains: fed from memory, from disk, and the way that Keras's users do it.

    python benchmarks/train.py [FOLDER] [--recipe best] [--seconds 2] [--rounds 15]

FOLDER (default ``../shared/data/mesonet/faces``) holds a subfolder of faces a class. Every way
trains the network on batches of 32 at 256×256 for so many seconds, the ways in turn and so many
times, and the median counts: short turns, as other work on the machine comes and goes. "From
memory" repeats one batch that is there: what the network alone can do. "First epoch" decodes
the files; "from disk" are the epochs from the third on, by when most faces have been drawn.
"Keras's way" is ``ImageDataGenerator`` with the augmentation of MesoNet's authors, from the same
files, and the network as Keras builds it. The last lines tell how memory grows with the number of
faces.
"""

import argparse
import io
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.training_batches import TrainingBatches
from deepfake_dataset.baseline.keras_backend import jit_mode
from deepfake_dataset.baseline.models import build_model
from deepfake_dataset.baseline.training.loss_and_optimiser import compile_network
from deepfake_dataset.baseline.training.recipes import Recipe, recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "mesonet" / "faces"
SIDE, BATCH = 256, 32
TARGETS = "from disk at least 90 % of from memory and 2.5 times Keras's way"

Pair = tuple[NDArray[Any], NDArray[np.float32]]
Way = Callable[[], Iterator[Pair]]


def endless(batches_of_epochs: TrainingBatches) -> Iterator[Pair]:
    """Epoch after epoch, from the first on."""
    for number in itertools.count():
        for (batch,) in batches_of_epochs.epoch(number):
            yield batch.pixels, batch.label


def from_files(examples: Examples, asked: Recipe, kept: Path) -> Iterator[Pair]:
    """From a first epoch on."""
    with TrainingBatches(examples, SIDE, asked, RunFolder.at(kept)) as batches_of_epochs:
        yield from endless(batches_of_epochs)


def from_generator(folder: Path) -> Iterator[Pair]:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rescale=1 / 255,
        zoom_range=0.2,
        rotation_range=15,
        brightness_range=(0.8, 1.2),
        channel_shift_range=30,
        horizontal_flip=True,
    )
    with redirect_stdout(io.StringIO()):  # it tells how many images there are, each time
        flow = generator.flow_from_directory(
            folder, target_size=(SIDE, SIDE), batch_size=BATCH, class_mode="binary"
        )
    for pixels, label in flow:
        yield pixels, np.asarray(label, np.float32)[:, None]


def plain(asked: Recipe) -> Any:
    """The network as Keras builds and compiles it, but for XLA, which makes it slower."""
    model = build_model(asked.model)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], jit_compile=jit_mode())
    return model


def rate(model: Any, batches_of_epochs: Iterator[Pair], seconds: float) -> float:
    """Images a second, after two batches to get going."""
    images, began = 0, 0.0
    for number, (pixels, label) in enumerate(batches_of_epochs):
        model.train_on_batch(pixels, label)
        if number == 1:
            images, began = 0, time.perf_counter()
        elif number > 1:
            images += len(label)
            if time.perf_counter() - began > seconds:
                break
    return images / (time.perf_counter() - began)


def megabytes_fed(examples: Examples, asked: Recipe, kept: Path, count: int) -> float:
    """Resident memory after so many batches without training."""
    for _ in itertools.islice(from_files(examples, asked, kept), count):
        pass
    return psutil.Process().memory_info().rss / 1e6


def measured(given: argparse.Namespace, asked: Recipe, kept: Path) -> dict[str, list[float]]:
    """Images a second of each way, once for each turn."""
    examples, ours, theirs = read_class_folders(given.folder), compile_network(asked), plain(asked)
    with TrainingBatches(examples, SIDE, asked, RunFolder.at(kept)) as known:
        for (batch,) in itertools.chain(known.epoch(0), known.epoch(1)):
            one = batch.pixels, batch.label
        ways: dict[str, tuple[Any, Way]] = {
            "from memory": (ours, lambda: itertools.repeat(one)),
            "from disk": (ours, lambda: endless(known)),
            "first epoch": (ours, lambda: from_files(examples, asked, kept)),
            "Keras's way": (theirs, lambda: from_generator(given.folder)),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for name in list(ways) * given.rounds:
            model, way = ways[name]
            rates[name].append(rate(model, way(), given.seconds))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--recipe", default="best")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    asked = recipe(given.recipe, [f"batch={BATCH}"])
    with tempfile.TemporaryDirectory() as kept:
        rates = measured(given, asked, Path(kept))
        median = {name: statistics.median(found) for name, found in rates.items()}
        for name, found in rates.items():
            least, most = min(found), max(found)
            print(f"{name:18} {median[name]:6.1f} images/s ({least:.1f} to {most:.1f})")
        disk, memory, theirs = (median[n] for n in ("from disk", "from memory", "Keras's way"))
        print(f"from disk: {disk / memory:.0%} of from memory, {disk / theirs:.1f} × Keras's")
        print(f"wanted: {TARGETS}")
        examples = read_class_folders(given.folder)
        for times in (1, 10):
            many = examples.at(np.tile(np.arange(len(examples)), times))
            print(f"{len(many):6} faces: {megabytes_fed(many, asked, Path(kept), 20):.0f} MB")


if __name__ == "__main__":
    main()
