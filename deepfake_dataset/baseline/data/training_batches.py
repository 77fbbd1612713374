"""Batches for training: the faces of an epoch, augmented."""

from collections.abc import Generator, Iterator
from typing import Self

import numpy as np

from deepfake_dataset.baseline.data.augmentation import augment
from deepfake_dataset.baseline.data.data_loader import Batch, load_batches
from deepfake_dataset.baseline.data.decoded_pixels_cache import DecodedPixelsCache
from deepfake_dataset.baseline.data.epoch_order import EpochFace, epoch_order, updates_per_epoch
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.read_image import Image
from deepfake_dataset.baseline.data.self_blended_fakes import self_blend
from deepfake_dataset.baseline.training.recipes import Recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder


class TrainingBatches:
    """The same faces epoch after epoch, each time drawn and augmented anew.

    Pixels are kept on the disk of the ``run`` while it is open.
    """

    def __init__(self, examples: Examples, side_px: int, recipe: Recipe, run: RunFolder) -> None:
        self._examples, self._side_px, self._recipe = examples, side_px, recipe
        self._faces = DecodedPixelsCache(examples, run, grey=recipe.levelled)
        self._under_way: Generator[Batch, None, None] | None = None

    @property
    def updates(self) -> int:
        """Of one epoch."""
        return updates_per_epoch(self._examples, self._recipe)

    def epoch(self, number: int) -> Iterator[tuple[Batch, ...]]:
        """For each update the parts of its batch; epochs count from 0.

        Raises :class:`ImagesError` where an image cannot be read.
        """
        parts = self._recipe.accumulate
        in_turn = epoch_order(self._examples, self._recipe, number)
        self._under_way = load_batches(in_turn, self._make, self._recipe.batch // parts)
        return zip(*[self._under_way] * parts, strict=True)

    def _make(self, draw: EpochFace) -> tuple[Image, int]:
        rng = np.random.default_rng(draw.seed)
        image, label = self._faces.read(draw.row), int(self._examples.label[draw.row])
        if draw.forge:
            image, label = self_blend(image, rng), 0
        return augment(image, self._side_px, self._recipe, rng), label

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._under_way:
            self._under_way.close()  # no thread may read or write a file that is closed
        self._faces.close()
