"""Scores of faces."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.data_loader import load_batches
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.image_source import ImageSource
from deepfake_dataset.baseline.data.read_image import Image, read_image
from deepfake_dataset.baseline.data.resize_faces import resize_to_model
from deepfake_dataset.baseline.models import input_side_px
from deepfake_dataset.baseline.scoring.predictions import Predictions

_LEVEL = np.float32(1 / 255)
_BATCH = 64  # faces in memory; batch statistics are not used here


def predict(
    model: Any,
    examples: Examples,
    *,
    resize: str = "area",
    on_progress: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """p_real of each face, in [0, 1].

    ``resize`` is the recipe's. ``on_progress`` is given the number of faces after each batch.
    Raises :class:`ImagesError` where an image cannot be read.
    """
    side = input_side_px(model)

    def load(row: int) -> tuple[Image, int]:
        return _face(examples.source, paths[row], side, resize), int(examples.label[row])

    paths, scores = examples.path.tolist(), [np.empty(0)]
    for batch in load_batches(range(len(examples)), load, _BATCH):
        faces = np.multiply(batch.pixels, _LEVEL, dtype=np.float32)
        scores.append(np.asarray(model.predict_on_batch(faces)[:, 0], np.float64))
        on_progress(len(batch.label))
    return np.concatenate(scores)


def _face(source: ImageSource, path: str, side_px: int, resize: str) -> Image:
    image = read_image(source, path)
    return resize_to_model(image, side_px, side_px, nearest=resize == "nearest")


def predict_examples(model: Any, examples: Examples, *, resize: str = "area") -> Predictions:
    """The scores of faces with what is known of each, as figures are made of them."""
    return Predictions(
        path=examples.path,
        label=examples.label,
        p_real=predict(model, examples, resize=resize),
        video=examples.video,
        group=examples.group,
        method=examples.method,
        resolution=examples.resolution,
        codec=examples.codec,
    )


def read_model_inputs(
    source: ImageSource, paths: Sequence[str], side_px: int, resize: str = "area"
) -> NDArray[np.float32]:
    """Faces of (n, side, side, 3) in [0, 1]."""
    pixels = np.empty((len(paths), side_px, side_px, 3), np.float32)
    for row, path in zip(pixels, paths, strict=True):
        row[:] = _face(source, path, side_px, resize)
    return pixels / np.float32(255)
