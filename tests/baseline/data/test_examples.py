"""Manifests are read whoever wrote them."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.examples import (
    need_both_classes,
    read_manifest_examples,
)
from deepfake_dataset.errors import ImagesError

from ..conftest import examples_of


def test_a_manifest_needs_no_more_than_paths_and_labels(tmp_path: Path) -> None:
    manifest = tmp_path / "train.csv"
    manifest.write_text("label,path\nreal,x/a.png\nfake,x/b.png\n")
    found = read_manifest_examples(manifest, tmp_path)
    assert found.label.tolist() == [1, 0]
    assert found.group.tolist() == found.video.tolist() == ["x/a.png", "x/b.png"]
    assert found.files[0] == tmp_path / "x" / "a.png"


def test_an_empty_manifest_is_an_error(tmp_path: Path) -> None:
    manifest = tmp_path / "train.csv"
    manifest.write_text("path,label\n")
    with pytest.raises(ImagesError, match="has no rows"):
        read_manifest_examples(manifest, tmp_path)


def test_one_class_only_is_an_error_that_says_which() -> None:
    with pytest.raises(ImagesError, match="has forged faces only: 2"):
        need_both_classes(examples_of(["a", "b"], [0, 0]), "it")
