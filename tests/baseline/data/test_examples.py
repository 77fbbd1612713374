"""Manifests are read whoever wrote them."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.examples import Examples, manifest_examples, need_both_classes
from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.dataset.manifest import parse_manifest
from deepfake_dataset.errors import ImagesError

from ..conftest import examples_of


def read(manifest: bytes, folder: Path) -> Examples:
    table = parse_manifest(manifest, "train.csv")
    return manifest_examples(table, "train.csv", ImageFolder(folder))


def test_a_manifest_needs_no_more_than_paths_and_labels(tmp_path: Path) -> None:
    found = read(b"label,path\nreal,x/a.png\nfake,x/b.png\n", tmp_path)
    assert found.label.tolist() == [1, 0]
    assert found.group.tolist() == found.video.tolist() == ["x/a.png", "x/b.png"]
    assert Path(found.locations[0]) == tmp_path / "x" / "a.png"


def test_an_empty_manifest_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match=r"train\.csv has no rows"):
        read(b"path,label\n", tmp_path)


def test_one_class_only_is_an_error_that_says_which() -> None:
    with pytest.raises(ImagesError, match="has forged faces only: 2"):
        need_both_classes(examples_of(["a", "b"], [0, 0]), "it")
