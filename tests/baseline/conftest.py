"""Faces of noise, in which a signal may be planted."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

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
