from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from deepfake_dataset.errors import ManifestError
from deepfake_dataset.records import Label
from deepfake_dataset.split.audit.manifest_or_image_folder import (
    fill_from_images,
    measure_images,
    read_side,
)

WORDS = {"real": Label.REAL, "fake": Label.FAKE}


def _picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.roll(data.astronaut()[:200, :200], seed * 37, axis=1))
    return path


def test_a_folder_gives_a_row_an_image_with_the_label_of_its_nearest_folder(tmp_path: Path) -> None:
    for name in ("train/real/a.png", "train/real/deep/b.JPG", "train/fake/c.webp", "train/d.png"):
        _picture(tmp_path / name)
    (tmp_path / "train" / "notes.txt").write_text("no image")
    side = read_side(tmp_path / "train", WORDS.get)
    assert dict(zip(*(side.rows[c].to_pylist() for c in ("path", "label")), strict=True)) == {
        "d.png": "",
        "fake/c.webp": "fake",
        "real/a.png": "real",
        "real/deep/b.JPG": "real",
    }
    assert side.place(1) == str(tmp_path / "train" / "fake" / "c.webp")


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="has no images"):
        read_side(tmp_path, WORDS.get)


@pytest.mark.parametrize("beside", ["", "manifests"])
def test_images_are_found_below_the_manifests_folder_or_the_one_above(
    tmp_path: Path, beside: str
) -> None:
    _picture(tmp_path / "faces" / "a.png")
    csv = tmp_path / beside / "train.csv"
    csv.parent.mkdir(exist_ok=True)
    csv.write_bytes("\ufeffPath;Label\r\nfaces/a.png;REAL\r\nfaces/gone.png;fake\r\n".encode())
    side = read_side(csv, WORDS.get)
    assert side.root == str(tmp_path)
    assert side.place(1) == f"{csv}, row 3: faces/gone.png"
    measures = measure_images(side, threads=2)
    assert [image is not None for image in measures] == [True, False]
    rows = fill_from_images(side, measures).rows
    assert [len(text) for text in rows["sha256"].to_pylist()] == [64, 0]
    assert [len(text) for text in rows["phash"].to_pylist()] == [64, 0]


def test_images_that_are_nowhere_are_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("path,label\na.png,real\n")
    side = read_side(tmp_path / "train.csv", WORDS.get)
    assert side.root is None
    measures = measure_images(side, threads=1)
    assert measures == [None]
    assert fill_from_images(side, measures) is side


def test_what_a_manifest_says_of_its_pictures_is_left_as_it_is(tmp_path: Path) -> None:
    _picture(tmp_path / "a.png")
    (tmp_path / "train.csv").write_text(f"path,label,sha256\na.png,real,{'ab' * 32}\n")
    side = read_side(tmp_path / "train.csv", WORDS.get)
    rows = fill_from_images(side, measure_images(side, threads=1)).rows
    assert rows["sha256"].to_pylist() == ["ab" * 32]
    assert len(rows["phash"][0].as_py()) == 64
