"""Classes are read by name; groups stay whole."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.baseline.data.examples import (
    Examples,
    folder_examples,
    hold_back_groups,
    need_both_classes,
    read_examples,
)
from deepfake_dataset.errors import ImagesError


def _touch(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    return folder


def _examples(group: list[str], label: list[int]) -> Examples:
    names = np.array([f"{n}.png" for n in range(len(group))], np.str_)
    groups, blank = np.array(group, np.str_), np.full(len(group), "", np.str_)
    labels = np.array(label, np.int64)
    return Examples(Path(), names, labels, groups, groups, blank, blank, blank)


@pytest.mark.parametrize(
    ("real", "fake"), [("real", "df"), ("Original", "Fake"), ("real", "forged")]
)
def test_folders_are_read_by_name_and_not_by_alphabet(tmp_path: Path, real: str, fake: str) -> None:
    found = folder_examples(_touch(tmp_path, f"{real}/b.jpg", f"{fake}/a.png", f"{fake}/notes.txt"))
    assert dict(zip(found.path.tolist(), found.label.tolist(), strict=True)) == {
        f"{real}/b.jpg": 1,
        f"{fake}/a.png": 0,
    }


def test_a_folder_that_names_no_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match="class_a is named after no class"):
        folder_examples(_touch(tmp_path, "real/a.jpg", "class_a/b.jpg"))


def test_a_folder_of_one_class_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match="has no forged images"):
        folder_examples(_touch(tmp_path, "real/a.jpg", "fake/readme.txt"))


def test_groups_come_from_the_file_beside_the_folders(tmp_path: Path) -> None:
    _touch(tmp_path, "real/a.jpg", "real/b.jpg", "df/c.jpg")
    rows = "path,group\nreal/a.jpg,one\nreal/b.jpg,one\n"
    (tmp_path / "groups.csv").write_text(rows, "utf-8-sig")
    assert folder_examples(tmp_path).group.tolist() == ["df/c.jpg", "one", "one"]


def test_a_groups_file_without_its_columns_is_an_error(tmp_path: Path) -> None:
    _touch(tmp_path, "real/a.jpg", "df/c.jpg")
    (tmp_path / "groups.csv").write_text("image,run\nreal/a.jpg,one\n")
    with pytest.raises(ImagesError, match=r"groups\.csv cannot be read"):
        folder_examples(tmp_path)


def test_a_manifest_needs_no_more_than_paths_and_labels(tmp_path: Path) -> None:
    manifest = tmp_path / "train.csv"
    manifest.write_text("label,path\nreal,x/a.png\nfake,x/b.png\n")
    found = read_examples(manifest, tmp_path)
    assert found.label.tolist() == [1, 0]
    assert found.group.tolist() == found.video.tolist() == ["x/a.png", "x/b.png"]
    assert found.files[0] == tmp_path / "x" / "a.png"


def test_an_empty_manifest_is_an_error(tmp_path: Path) -> None:
    manifest = tmp_path / "train.csv"
    manifest.write_text("path,label\n")
    with pytest.raises(ImagesError, match="has no rows"):
        read_examples(manifest, tmp_path)


def test_one_class_only_is_an_error_that_says_which() -> None:
    with pytest.raises(ImagesError, match="has forged faces only: 2"):
        need_both_classes(_examples(["a", "b"], [0, 0]), "it")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1), st.integers(0, 5))
def test_no_group_is_parted_and_no_face_is_lost(rows: list[tuple[int, int]], seed: int) -> None:
    examples = _examples([f"{label}-{group}" for group, label in rows], [x for _, x in rows])
    parts = hold_back_groups(examples, (0.2, 0.2), seed)
    groups = [set(examples.group[part].tolist()) for part in parts]
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    assert sum(map(len, groups)) == len(set().union(*groups))


def test_each_part_has_both_classes_where_there_are_groups_enough() -> None:
    group = ["a"] * 50 + ["b"] * 3 + ["c"] * 2 + ["d"] * 9 + ["e"] * 9 + ["f"] * 9
    examples = _examples(group, [int(g > "c") for g in group])
    for seed in range(10):
        for part in hold_back_groups(examples, (0.15, 0.15), seed):
            assert set(examples.label[part].tolist()) == {0, 1}


def test_shares_are_of_each_class() -> None:
    examples = _examples([f"{n}" for n in range(400)], [int(n < 100) for n in range(400)])
    rest, back = hold_back_groups(examples, (0.25,), 0)
    assert (examples.label[back] == 1).sum() == 25
    assert (examples.label[back] == 0).sum() == 75
    assert len(rest) == 300
