"""Reads images to score, of which nothing may be known: loose images, other people's manifests."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from deepfake_dataset.baseline.data.class_folders import (
    CLASS_LABELS,
    GROUPS_FILE,
    IMAGE_SUFFIXES,
    read_groups,
)
from deepfake_dataset.baseline.data.examples import Examples, manifest_examples
from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.dataset.manifest import read_manifest
from deepfake_dataset.errors import ImagesError

UNKNOWN = -1
"""Label of a face of which it is not known whether it is real."""


def read_images_to_score(place: Path) -> Examples:
    """An image, or all images at any depth of a folder, whatever it is called.

    A subfolder named after a class says what its images are, any other one that they are of
    one video, unless ``groups.csv`` says so. Raises :class:`ImagesError` for no images.
    """
    folder = place if place.is_dir() else place.parent
    paths = sorted(_image_paths(place, folder))
    if not paths:
        raise ImagesError(f"{place} holds no images and no videos", "name what is to be scored")
    groups = read_groups(folder / GROUPS_FILE)
    video = np.array([groups.get(path, _video_of(path)) for path in paths], np.str_)
    blank = np.full(len(paths), "", np.str_)
    label = np.array([_label_of(path) for path in paths], np.int64)
    source, path = ImageFolder(folder), np.array(paths, np.str_)
    return Examples(source, path, label, video, video, blank, blank, blank)


def read_manifest_to_score(manifest: Path) -> Examples:
    """The rows of a manifest; its paths start beside it, or above as in ``manifests/``.

    Raises ManifestError where it cannot be read and :class:`ImagesError` where it is empty.
    """
    beside = manifest.absolute().parent
    examples = manifest_examples(read_manifest(manifest), str(manifest), ImageFolder(beside))
    first = examples.path[0]
    is_above = not (beside / first).exists() and (beside.parent / first).exists()
    return replace(examples, source=ImageFolder(beside.parent)) if is_above else examples


def _image_paths(place: Path, folder: Path) -> Iterator[str]:
    for file in place.rglob("*") if place.is_dir() else [place]:
        inside = file.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if file.suffix.lower() in IMAGE_SUFFIXES and not hidden:
            yield inside.as_posix()


def _video_of(path: str) -> str:
    folder, _, _ = path.rpartition("/")
    name = folder.rpartition("/")[2].lower()
    return path if not folder or name in CLASS_LABELS else folder


def _label_of(path: str) -> int:
    """By the innermost folder that is named after a class."""
    names = path.lower().split("/")[-2::-1]
    return next((CLASS_LABELS[name] for name in names if name in CLASS_LABELS), UNKNOWN)
