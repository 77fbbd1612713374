"""Faces of noise in which a signal may be planted, and examples that name no files."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.image_source import ImageFolder

MakeFaces = Callable[..., Path]


@pytest.fixture
def make_faces(tmp_path: Path) -> MakeFaces:
    """A folder with subfolders ``real`` and ``df`` of noise, and its ``groups.csv``.

    Forged ones have a grid of dots where ``planted``.
    """

    def make(*, each: int = 24, groups: int = 8, planted: bool = True, side: int = 140) -> Path:
        rng = np.random.default_rng(3)
        folder = tmp_path / "faces"
        lines = ["path,group"]
        for kind in ("real", "df"):
            (folder / kind).mkdir(parents=True)
            for n in range(each):
                image = rng.integers(60, 200, size=(side, side, 3), dtype=np.uint8)
                if planted and kind == "df":
                    image[::4, ::4] = 255
                cv2.imwrite(str(folder / kind / f"{n:03d}.png"), image)
                lines.append(f"{kind}/{n:03d}.png,{kind}-{n % groups}")
        (folder / "groups.csv").write_text("\n".join(lines) + "\n")
        return folder

    return make


def examples_of(group: list[str], label: list[int]) -> Examples:
    """Faces without files, a row for each group and label."""
    names = np.array([f"{n}.png" for n in range(len(group))], np.str_)
    groups, blank = np.array(group, np.str_), np.full(len(group), "", np.str_)
    labels = np.array(label, np.int64)
    return Examples(ImageFolder(Path()), names, labels, groups, groups, blank, blank, blank)


def examples_of_groups(**sizes: int) -> Examples:
    """Groups by name with their sizes; those that begin with r are real."""
    group = [name for name, size in sizes.items() for _ in range(size)]
    return examples_of(group, [int(name.startswith("r")) for name in group])
