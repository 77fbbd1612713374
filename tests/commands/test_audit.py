import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pyarrow as pa
import pytest
from skimage import data

from deepfake_dataset.commands.audit import audit_dataset, audit_files, find_dataset_leaks
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.manifest import SCHEMA, write_manifest
from deepfake_dataset.errors import UsageError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.split.audit.leak_checks import LeakKind

HEADER = "path,label,video_id,target\n"


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Two manifests without images that share nothing."""
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text(HEADER + "a.png,real,v1,ann\nb.png,fake,v2,ann\n")
    test.write_text(HEADER + "c.png,real,v3,bob\nd.png,fake,v4,bob\n")
    return train, test


def test_clean_manifests_end_well_and_say_what_was_not_checked(
    dsbuild: Callable[..., Any], sides: tuple[Path, Path]
) -> None:
    ran = dsbuild("audit", *sides, "--json")
    assert ran.code == 0
    assert "leakage: train 2, test 2 rows; clean: video, name\n" in ran.err
    assert "near-duplicate  not checked: no phash" in ran.err
    assert "too few groups to tell: 2 real and 2 fake groups" in ran.err
    checks = {check["kind"]: check for check in ran.json["leakage"]["checks"]}
    assert checks["name"]["compared"] == 4
    assert ran.json["before"] is None


def test_a_person_on_two_sides_is_an_error_that_names_both_rows(
    dsbuild: Callable[..., Any], sides: tuple[Path, Path]
) -> None:
    train, test = sides
    test.write_text(HEADER + "c.png,real,v3,bob\nd.png,fake,v4,Ann\n")
    ran = dsbuild("audit", train, test, "--json")
    assert ran.code == 1
    assert f"{train}, row 2: a.png" in ran.err
    assert f"{test}, row 3: d.png" in ran.err
    assert "hint:" in ran.err
    assert json.loads(ran.out)["leakage"]["checks"][4]["crossings"] == 1
    assert dsbuild("audit", train, test, "--positions", "ann,left").code == 0


def test_folders_of_images_are_compared_by_what_they_show(
    dsbuild: Callable[..., Any], tmp_path: Path
) -> None:
    photo = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    places = {"train/real/a.png": 100, "train/fake/b.png": 150, "test/real/c.png": 200}
    for name, left in places.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / name), photo[:200, left : left + 200])
    copy = cv2.resize(photo[:200, 100:300], (150, 150))[:, ::-1]
    (tmp_path / "test" / "fake").mkdir()
    cv2.imwrite(str(tmp_path / "test" / "fake" / "d.jpg"), copy)
    (tmp_path / "test" / "fake" / "bad.png").write_text("no picture")
    ran = dsbuild("audit", tmp_path / "train", tmp_path / "test")
    assert ran.code == 1
    assert "near-duplicate  1 on two sides" in ran.err
    assert str(tmp_path / "train" / "real" / "a.png") in ran.err
    assert str(tmp_path / "test" / "fake" / "d.jpg") in ran.err
    assert f"cannot be read: {tmp_path / 'test' / 'fake' / 'bad.png'}" in ran.err


@pytest.mark.parametrize(
    "arguments", [(), ("a.csv",), ("a.csv", "b.csv", "-d", "ds"), ("a.csv", "a.csv")]
)
def test_an_audit_of_too_much_or_too_little_says_how_it_is_called(
    dsbuild: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    ran = dsbuild("audit", *arguments)
    assert ran.code == 1
    assert "hint: dsbuild audit" in ran.err
    assert "Traceback" not in ran.err


def test_a_manifest_that_is_none_is_an_error_with_its_name(sides: tuple[Path, Path]) -> None:
    sides[1].write_text("file,class\n")
    with pytest.raises(UsageError, match=r"test\.csv"):
        audit_files(sides)


@pytest.fixture
def split(
    dataset: Dataset, record: Callable[..., Any], commit: Callable[..., Any]
) -> Callable[[str], Path]:
    """A dataset of two videos whose manifests put one on each side."""
    for number, label in enumerate((Label.REAL, Label.FAKE)):
        known = Provenance(label, target=f"person {number}")
        commit(dataset, record(f"{number:016x}", path=f"{number}.mp4", provenance=known))

    def make(person: str) -> Path:
        folder = dataset.root / "manifests"
        folder.mkdir(exist_ok=True)
        for number, side in enumerate(("train", "test")):
            id_ = f"{number:016x}"
            row = {"path": f"faces/{id_}/{id_}-000000-0.png", "label": "real", "video_id": id_}
            row |= {"person": person or str(number)}
            columns = [[row.get(field.name)] for field in SCHEMA]
            write_manifest(folder / f"{side}.csv", [pa.table(columns, schema=SCHEMA)])
        return dataset.root

    return make


def test_a_datasets_split_is_audited_before_and_after_drawing(split: Callable[[str], Path]) -> None:
    root = split("")
    audit = audit_dataset(root)
    assert audit.leakage.crossings == 0
    assert audit.before is not None
    assert (audit.before.faces, audit.after.faces) == (4, 2)
    assert (root / "reports" / "shortcut.png").read_bytes().startswith(b"\x89PNG")


def test_a_leak_in_a_datasets_split_ends_the_command_with_1(
    split: Callable[[str], Path], dsbuild: Callable[..., Any]
) -> None:
    ran = dsbuild("audit", "-d", split("somebody"))
    assert ran.code == 1
    assert "person somebody" in ran.err
    found = find_dataset_leaks(split("somebody"))
    assert {check.kind for check in found.checks if check.crossings} == {LeakKind.PERSON}


def test_a_dataset_that_was_not_split_says_so(ds: Path, dataset: Dataset) -> None:
    with pytest.raises(UsageError) as caught:
        audit_dataset(dataset.root)
    assert caught.value.hint == f"dsbuild split -d {ds} makes them"
