"""Images are taken as they lie, and labels only where a name says them."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.images_to_score import (
    UNKNOWN,
    read_images_to_score,
    read_manifest_to_score,
)
from deepfake_dataset.errors import ImagesError


def touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    return folder


def test_folders_named_after_a_class_give_labels(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "b/c.JPG", "real/d.webp", "Fake/e.png", "real/clip/f.png")
    found = read_images_to_score(tmp_path)
    assert dict(zip(found.path.tolist(), found.label.tolist(), strict=True)) == {
        "Fake/e.png": 0,
        "a.png": UNKNOWN,
        "b/c.JPG": UNKNOWN,
        "real/clip/f.png": 1,
        "real/d.webp": 1,
    }


def test_other_folders_are_videos_and_lone_images_their_own(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "clip/b.png", "clip/c.png", "real/d.png", "real/clip/e.png")
    assert read_images_to_score(tmp_path).video.tolist() == [
        "a.png",
        "clip",
        "clip",
        "real/clip",
        "real/d.png",
    ]


def test_a_list_of_groups_says_which_images_are_of_one_video(tmp_path: Path) -> None:
    touch(tmp_path, "real/a.png", "real/b.png")
    (tmp_path / "groups.csv").write_text("path,group\nreal/a.png,x\nreal/b.png,x\n")
    assert read_images_to_score(tmp_path).video.tolist() == ["x", "x"]


def test_one_image_can_be_named_alone(tmp_path: Path) -> None:
    touch(tmp_path, "real/a.png", "real/b.png")
    assert read_images_to_score(tmp_path / "real" / "a.png").path.tolist() == ["a.png"]


def test_hidden_and_other_files_are_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/a.png", ".b.png", "notes.txt")
    with pytest.raises(ImagesError, match="no images"):
        read_images_to_score(tmp_path)


@pytest.mark.parametrize("place", ["m.csv", "manifests/m.csv"])
def test_a_manifests_paths_start_beside_it_or_above(tmp_path: Path, place: str) -> None:
    touch(tmp_path, "faces/a.png", place)
    (tmp_path / place).write_text("path,label\nfaces/a.png,real\n")
    (file,) = read_manifest_to_score(tmp_path / place).locations
    assert Path(file).samefile(tmp_path / "faces" / "a.png")
