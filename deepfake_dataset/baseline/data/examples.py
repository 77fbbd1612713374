"""Examples: labelled faces to train or score on, and how a manifest becomes them."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.image_source import ImageSource
from deepfake_dataset.errors import ImagesError
from deepfake_dataset.records import Label

Texts = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Faces with what is known of each; arrays of one length. Text may be empty."""

    source: ImageSource
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
        names = [f.name for f in fields(self) if f.name != "source"]
        return replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def locations(self) -> list[str]:
        """Where each image is, as people are told."""
        return [self.source.location(path) for path in self.path.tolist()]


def manifest_examples(table: pa.Table, name: str, source: ImageSource) -> Examples:
    """The rows of the manifest of this name; its paths start at ``source``.

    A row without a group has its video for one, a row without a video its path for both.
    Raises :class:`ImagesError` where it is empty.
    """
    if not table.num_rows:
        raise ImagesError(f"{name} has no rows", "dsbuild split says what went into it")
    path = _texts(table, "path")
    video = _or_else(_texts(table, "video_id"), path)
    return Examples(
        source=source,
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


def need_both_classes(examples: Examples, what: str) -> None:
    """Raise :class:`ImagesError` where all examples are of one class."""
    if len(np.unique(examples.label)) < 2:
        name = "real" if examples.label.any() else "forged"
        raise ImagesError(
            f"{what} has {name} faces only: {len(examples)} of them",
            "two classes are needed; add the other one, or let fewer groups be held back",
        )
