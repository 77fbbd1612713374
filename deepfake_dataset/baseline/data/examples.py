"""Which faces are trained and scored on: the rows of a manifest, or a folder of images.

In a folder each class has a subfolder whose name says which it is; a ``groups.csv`` beside
them (columns path and group) says which images come from one video.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.manifest import read_manifest
from deepfake_dataset.errors import ImagesError
from deepfake_dataset.records import Label

GROUPS_FILE = "groups.csv"
REAL_NAMES = ("real", "reals", "original", "originals", "genuine", "authentic", "pristine")
FAKE_NAMES = ("df", "fake", "fakes", "forged", "forgery", "deepfake", "deepfakes", "manipulated")
"""What the folder of a class may be called, in any case."""
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
_LABELS = {**dict.fromkeys(REAL_NAMES, 1), **dict.fromkeys(FAKE_NAMES, 0)}

Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Faces with what is known of each; arrays of one length. Text may be empty."""

    folder: Path
    """Where paths start."""
    path: Texts
    label: NDArray[np.int64]
    """1 real, 0 fake."""
    video: Texts
    group: Texts
    """What may not be parted: the rows of one group are on one side of every split."""
    method: Texts
    resolution: Texts
    codec: Texts

    def __len__(self) -> int:
        return len(self.path)

    def at(self, rows: NDArray[Any]) -> Self:
        """Some rows, by a mask or by indices."""
        names = [f.name for f in fields(self) if f.name != "folder"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def files(self) -> list[Path]:
        """Where each image is."""
        return [self.folder / path for path in self.path.tolist()]


def read_examples(manifest: Path, folder: Path) -> Examples:
    """The rows of a manifest; its paths start at ``folder``.

    A row without a group has its video for one, a row without a video its path for both.
    Raises ManifestError where it cannot be read and :class:`ImagesError` where it is empty.
    """
    table = read_manifest(manifest)
    if not table.num_rows:
        raise ImagesError(f"{manifest} has no rows", "dsbuild split says what went into it")
    path = _texts(table, "path")
    video = _or_else(_texts(table, "video_id"), path)
    return Examples(
        folder=folder,
        path=path,
        label=(_texts(table, "label") == str(Label.REAL)).astype(np.int64),
        video=video,
        group=_or_else(_texts(table, "group_id"), video),
        method=_texts(table, "method"),
        resolution=_texts(table, "resolution"),
        codec=_texts(table, "codec"),
    )


def _texts(table: pa.Table, column: str) -> Texts:
    return np.array([value or "" for value in table[column].to_pylist()], np.str_)


def _or_else(texts: Texts, others: Texts) -> Texts:
    return np.where(texts == "", others, texts)


def folder_examples(folder: Path) -> Examples:
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
    return Examples(folder, path, label, group, group, blank, blank, blank)


_FOLDERS = (
    f"name one subfolder for real images ({', '.join(REAL_NAMES)})"
    f" and one for forged ones ({', '.join(FAKE_NAMES)})"
)


def _images(folder: Path) -> Iterator[tuple[str, int]]:
    """Path below the folder, with forward slashes, and label."""
    for subfolder in _subfolders(folder):
        if subfolder.name.lower() not in _LABELS:
            raise ImagesError(f"{subfolder} is named after no class", _FOLDERS)
        for file in subfolder.rglob("*"):
            if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith("."):
                yield file.relative_to(folder).as_posix(), _LABELS[subfolder.name.lower()]


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


def need_both_classes(examples: Examples, what: str) -> None:
    """Raise :class:`ImagesError` where all examples are of one class."""
    if len(np.unique(examples.label)) < 2:
        name = "real" if examples.label.any() else "forged"
        raise ImagesError(
            f"{what} has {name} faces only: {len(examples)} of them",
            "two classes are needed; add the other one, or let fewer groups be held back",
        )


def hold_back_groups(
    examples: Examples, shares: Sequence[float], seed: int
) -> tuple[NDArray[np.int64], ...]:
    """Rows of parts that share no group: the rest first, then one for each share.

    In each class groups are shuffled and dealt until the part has its share of the class's
    faces. A group with faces of both classes goes where its first face says.
    """
    part = np.zeros(len(examples), np.int64)
    rng = np.random.default_rng(seed)
    groups, first, number = np.unique(examples.group, return_index=True, return_inverse=True)
    size = np.bincount(number)
    for label in (0, 1):
        mine = rng.permutation(np.flatnonzero(examples.label[first] == label))
        ends = np.cumsum(size[mine]) / max(1, size[mine].sum())
        bounds = np.cumsum(shares)
        # Groups lie in the part in which their middle falls, so that a large one is not
        # always the one too many.
        middles = ends - size[mine] / max(1, size[mine].sum()) / 2
        dealt = np.searchsorted(bounds, middles, side="right") + 1
        of_group = np.zeros(len(groups), np.int64)
        dealt = np.where(dealt > len(shares), 0, dealt)
        if len(mine) > len(shares) and not set(range(1, len(shares) + 1)) <= set(dealt.tolist()):
            dealt[: len(shares)] = np.arange(len(shares)) + 1  # few groups: one to each part
        of_group[mine] = dealt
        part = np.where(np.isin(number, mine), of_group[number], part)
    return tuple(np.flatnonzero(part == n) for n in range(len(shares) + 1))
