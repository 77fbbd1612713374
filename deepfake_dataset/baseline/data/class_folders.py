"""Reads a folder of images with one subfolder a class, whose name says which it is.

A ``groups.csv`` beside them (columns path and group) says which images come from one video.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.errors import ImagesError

GROUPS_FILE = "groups.csv"
REAL_NAMES = ("real", "reals", "original", "originals", "genuine", "authentic", "pristine")
FAKE_NAMES = ("df", "fake", "fakes", "forged", "forgery", "deepfake", "deepfakes", "manipulated")
"""What the folder of a class may be called, in any case."""
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
CLASS_LABELS = {**dict.fromkeys(REAL_NAMES, 1), **dict.fromkeys(FAKE_NAMES, 0)}


def read_class_folders(folder: Path) -> Examples:
    """The images below the subfolders of ``folder``, one a class, in order of their paths.

    Without ``groups.csv`` each image is a group of its own. Raises :class:`ImagesError` for a
    subfolder that names no class, a class without images, or a faulty ``groups.csv``.
    """
    found = sorted((path, label) for path, label in _images(folder))
    if {label for _, label in found} != {0, 1}:
        missing = "forged" if any(label for _, label in found) else "real"
        raise ImagesError(f"{folder} has no {missing} images", _FOLDERS)
    path = np.array([path for path, _ in found], np.str_)
    groups = read_groups(folder / GROUPS_FILE)
    group = np.array([groups.get(name, name) for name in path.tolist()], np.str_)
    blank = np.full(len(path), "", np.str_)
    label = np.array([label for _, label in found], np.int64)
    return Examples(ImageFolder(folder), path, label, group, group, blank, blank, blank)


_FOLDERS = (
    f"name one subfolder for real images ({', '.join(REAL_NAMES)})"
    f" and one for forged ones ({', '.join(FAKE_NAMES)})"
)


def _images(folder: Path) -> Iterator[tuple[str, int]]:
    """Path below the folder, with forward slashes, and label."""
    for subfolder in _subfolders(folder):
        if subfolder.name.lower() not in CLASS_LABELS:
            raise ImagesError(f"{subfolder} is named after no class", _FOLDERS)
        for file in subfolder.rglob("*"):
            if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith("."):
                yield file.relative_to(folder).as_posix(), CLASS_LABELS[subfolder.name.lower()]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError as error:
        raise ImagesError(f"{folder} cannot be opened: {error.strerror}", _FOLDERS) from error


def read_groups(file: Path) -> dict[str, str]:
    """The group of each path; empty where there is no such file."""
    if not file.exists():
        return {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
        return {row["path"].replace("\\", "/"): row["group"] for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, csv.Error, AttributeError) as error:
        raise ImagesError(
            f"{file} cannot be read: {error}", "it needs the columns path and group, as UTF-8"
        ) from error
