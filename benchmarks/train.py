"""How fast Meso4 trains: fed from memory, from disk, and the way that Keras's users do it.

    python benchmarks/train.py [FOLDER] [--recipe best] [--seconds 20]

FOLDER (default ``../shared/data/mesonet/faces``) holds a subfolder of faces a class. Every way
trains the network on batches of 32 at 256×256, the ways in turn and three times, and the median
counts. "From memory" repeats one batch that is there: what the network alone can do. "Keras's
way" is ``ImageDataGenerator`` with the augmentation of MesoNet's authors, from the same files,
and the network as Keras builds it; "its generator" feeds ours. The last lines tell how memory
grows with the number of faces.
"""

import argparse
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from deepfake_dataset.baseline.draws import draws
from deepfake_dataset.baseline.examples import Examples, folder_examples
from deepfake_dataset.baseline.images import Batch, batches
from deepfake_dataset.baseline.models import build, jit
from deepfake_dataset.baseline.optimise import compiled
from deepfake_dataset.baseline.recipes import Recipe, recipe
from deepfake_dataset.baseline.train import drawn

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "mesonet" / "faces"
SIDE, BATCH, ROUNDS = 256, 32, 3
TARGETS = "from disk at least 90 % of from memory and 2.5 times Keras's way"

Feed = Callable[[], Iterator[Batch]]


def from_memory(examples: Examples, asked: Recipe) -> Iterator[Batch]:
    first = next(from_disk(examples, asked))
    return itertools.repeat(first)


def from_disk(examples: Examples, asked: Recipe) -> Iterator[Batch]:
    endless = itertools.chain.from_iterable(
        draws(examples, asked, epoch) for epoch in itertools.count()
    )
    return batches(endless, drawn(examples, SIDE, asked), BATCH)


def from_generator(folder: Path) -> Iterator[Batch]:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    generator = ImageDataGenerator(
        rescale=1 / 255,
        zoom_range=0.2,
        rotation_range=15,
        brightness_range=(0.8, 1.2),
        channel_shift_range=30,
        horizontal_flip=True,
    )
    flow = generator.flow_from_directory(
        folder, target_size=(SIDE, SIDE), batch_size=BATCH, class_mode="binary"
    )
    for pixels, label in flow:
        yield Batch(pixels, np.asarray(label, np.float32)[:, None])


def plain(asked: Recipe) -> Any:
    """The network as Keras builds and compiles it, but for XLA, which makes it slower."""
    model = build(asked.model)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], jit_compile=jit())
    return model


def rate(model: Any, feed: Iterator[Batch], seconds: float) -> float:
    """Images a second, after two batches to get going."""
    images, began = 0, 0.0
    for number, batch in enumerate(feed):
        model.train_on_batch(batch.pixels, batch.label)
        if number == 1:
            images, began = 0, time.perf_counter()
        elif number > 1:
            images += len(batch.label)
            if time.perf_counter() - began > seconds:
                break
    return images / (time.perf_counter() - began)


def megabytes_fed(examples: Examples, asked: Recipe, count: int) -> float:
    """Resident memory after so many batches without training."""
    for _ in itertools.islice(from_disk(examples, asked), count):
        pass
    return psutil.Process().memory_info().rss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--recipe", default="best")
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    asked = recipe(given.recipe, [f"batch={BATCH}"])
    examples, ours, theirs = folder_examples(given.folder), compiled(asked), plain(asked)
    ways: dict[str, tuple[Any, Feed]] = {
        "from memory": (ours, lambda: from_memory(examples, asked)),
        "from disk": (ours, lambda: from_disk(examples, asked)),
        "Keras's way": (theirs, lambda: from_generator(given.folder)),
        "its generator": (ours, lambda: from_generator(given.folder)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for name in list(ways) * ROUNDS:
        model, feed = ways[name]
        rates[name].append(rate(model, feed(), given.seconds))
    median = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        each = ", ".join(f"{value:.1f}" for value in found)
        print(f"{name:18} {median[name]:6.1f} images/s ({each})")
    disk, memory, keras_way = (
        median["from disk"],
        median["from memory"],
        median["Keras's way"],
    )
    print(f"from disk: {disk / memory:.0%} of from memory, {disk / keras_way:.1f} × Keras's")
    print(f"wanted: {TARGETS}")
    for times in (1, 10):
        many = examples.at(np.tile(np.arange(len(examples)), times))
        print(f"{len(many):6} faces: {megabytes_fed(many, asked, 20):.0f} MB")


if __name__ == "__main__":
    main()
