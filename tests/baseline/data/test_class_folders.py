"""Classes are read from the names of folders, groups from the list beside them."""

from pathlib import Path

import pytest

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.errors import ImagesError


def _touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("real", "fake"), [("real", "df"), ("Original", "Fake"), ("real", "forged")]
)
def test_folders_are_read_by_name_and_not_by_alphabet(tmp_path: Path, real: str, fake: str) -> None:
    found = read_class_folders(
        _touch(tmp_path, f"{real}/b.jpg", f"{fake}/a.png", f"{fake}/notes.txt")
    )
    assert dict(zip(found.path.tolist(), found.label.tolist(), strict=True)) == {
        f"{real}/b.jpg": 1,
        f"{fake}/a.png": 0,
    }


def test_a_folder_that_names_no_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match="class_a is named after no class"):
        read_class_folders(_touch(tmp_path, "real/a.jpg", "class_a/b.jpg"))


def test_a_folder_of_one_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match="has no forged images"):
        read_class_folders(_touch(tmp_path, "real/a.jpg", "fake/readme.txt"))


def test_groups_come_from_the_file_beside_the_folders(tmp_path: Path) -> None:
    _touch(tmp_path, "real/a.jpg", "real/b.jpg", "df/c.jpg")
    rows = "path,group\nreal/a.jpg,one\nreal/b.jpg,one\n"
    (tmp_path / "groups.csv").write_text(rows, "utf-8-sig")
    assert read_class_folders(tmp_path).group.tolist() == ["df/c.jpg", "one", "one"]


def test_a_groups_file_without_its_columns_is_an_error(tmp_path: Path) -> None:
    _touch(tmp_path, "real/a.jpg", "df/c.jpg")
    (tmp_path / "groups.csv").write_text("image,run\nreal/a.jpg,one\n")
    with pytest.raises(ImagesError, match=r"groups\.csv cannot be read"):
        read_class_folders(tmp_path)
