import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.commands.verify import verify_dataset
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.integrity import HINTS, Flaw
from deepfake_dataset.dataset.layout import record_key
from deepfake_dataset.errors import DatasetBusyError

pytestmark = pytest.mark.slow


@pytest.fixture
def videos(tmp_path: Path, face_video: Path, plain_video: Path) -> Path:
    for source, name in ((face_video, "real/ann.mp4"), (plain_video, "fake/wall.mp4")):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tmp_path / "videos" / name)
    return tmp_path / "videos"


@pytest.fixture
def whole(videos: Path, ds: Path, in_process: list[str]) -> Dataset:
    """A dataset of two videos, one with faces."""
    extract_faces([videos], ds, faces_per_scene=2, size_px=32)
    return Dataset.open(ds)


@pytest.fixture
def crop(whole: Dataset) -> Path:
    return sorted((whole.root / "faces").rglob("*.png"))[0]


def flaws(ds: Path, **how: Any) -> list[tuple[str, str]]:
    return [(p.flaw.value, p.path) for p in verify_dataset(ds, **how).left]


def below(path: Path, dataset: Dataset) -> str:
    return path.relative_to(dataset.root).as_posix()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def orphan_crop(dataset: Dataset, crop: Path) -> str:
    shutil.copy(crop, crop.with_name("other.png"))
    return below(crop.with_name("other.png"), dataset)


def orphan_folder(dataset: Dataset, crop: Path) -> str:
    shutil.copytree(crop.parent, dataset.root / "faces" / "0123456789abcdef")
    return "faces/0123456789abcdef"


def half_record(dataset: Dataset, crop: Path) -> str:
    (dataset.root / "videos" / ".partial-0123456789abcdef.parquet").write_bytes(b"PAR1")
    return "videos/.partial-0123456789abcdef.parquet"


def half_video(dataset: Dataset, crop: Path) -> str:
    shutil.copytree(crop.parent, dataset.root / "faces" / ".partial-0123456789abcdef")
    return "faces/.partial-0123456789abcdef"


def half_manifest(dataset: Dataset, crop: Path) -> str:
    (dataset.root / "manifests").mkdir()
    (dataset.root / "manifests" / ".partial-train.csv").touch()
    return "manifests/.partial-train.csv"


def flipped_crop(dataset: Dataset, crop: Path) -> str:
    flip(crop)
    return below(crop, dataset)


def missing_crop(dataset: Dataset, crop: Path) -> str:
    crop.unlink()
    return below(crop, dataset)


def flipped_record(dataset: Dataset, crop: Path) -> str:
    flip(dataset.root / record_key(crop.parent.name))
    return below(dataset.root / record_key(crop.parent.name), dataset)


def cut_record(dataset: Dataset, crop: Path) -> str:
    path = dataset.root / record_key(crop.parent.name)
    path.write_bytes(path.read_bytes()[:-10])
    return below(path, dataset)


def swapped_record(dataset: Dataset, crop: Path) -> str:
    one, other = dataset.video_ids()
    mine = crop.parent.name
    shutil.copy(
        dataset.root / record_key(other if mine == one else one), dataset.root / record_key(mine)
    )
    return below(dataset.root / record_key(mine), dataset)


CASES = [
    (orphan_crop, Flaw.ORPHAN),
    (orphan_folder, Flaw.ORPHAN),
    (half_record, Flaw.HALF_MADE),
    (half_video, Flaw.HALF_MADE),
    (half_manifest, Flaw.HALF_MADE),
    (flipped_crop, Flaw.CHANGED_CROP),
    (missing_crop, Flaw.MISSING_CROP),
    (flipped_record, Flaw.DAMAGED_RECORD),
    (cut_record, Flaw.DAMAGED_RECORD),
]


def test_no_bit_of_a_record_flips_unseen(whole, ds, crop):
    place = whole.root / record_key(crop.parent.name)
    sound = place.read_bytes()
    writer = sound.rindex(b"parquet-cpp-arrow")  # another version's file cannot be judged
    for at in {*range(0, len(sound), 97)} - {*range(writer, writer + 40)}:
        spoilt = bytearray(sound)
        spoilt[at] ^= 1
        place.write_bytes(spoilt)
        assert [flaw for flaw, _ in flaws(ds)] == ["damaged-record"], at
    place.write_bytes(sound)


def test_a_whole_dataset_is_whole(whole, ds):
    found = verify_dataset(ds)
    assert (found.problems, found.exit_code, found.records) == ((), 0, 2)
    crops = list((whole.root / "faces").rglob("*.png"))
    assert found.crops == len(crops)
    assert found.bytes == sum(crop.stat().st_size for crop in crops)


@pytest.mark.parametrize(("spoil", "flaw"), CASES)
def test_what_is_wrong_is_found_named_and_mended(
    spoil, flaw, whole, ds, crop, videos, contents, in_process
):
    settled(ds, videos)
    before = contents(ds)
    place = spoil(whole, crop)
    assert (flaw.value, place) in flaws(ds)
    assert verify_dataset(ds).exit_code == 2
    mended = verify_dataset(ds, repair=True)
    assert (mended.left, mended.exit_code) == ((), 0)
    assert mended.problems
    extract_faces([videos], ds)  # which gives back a label that only the lost record knew
    assert contents(ds) == before


def settled(ds: Path, videos: Path) -> None:
    """Let a search see the files, long after they were written."""
    long_ago = time.time() - 3600
    for path in videos.rglob("*.mp4"):
        os.utime(path, (long_ago, long_ago))
    extract_faces([videos], ds)


def test_a_record_in_the_place_of_another_is_damage(whole, ds, crop):
    place = swapped_record(whole, crop)
    assert ("damaged-record", place) in flaws(ds)


@pytest.mark.parametrize("spoil", [flipped_crop, missing_crop, flipped_record])
def test_what_cannot_be_made_again_is_left_as_it_is(spoil, whole, ds, crop, videos, contents):
    shutil.rmtree(videos)
    place = spoil(whole, crop)
    before = contents(ds)
    assert place in [path for _, path in flaws(ds, repair=True)]
    assert contents(ds) == before


def test_other_bytes_under_the_same_name_are_not_taken_for_the_video(
    whole, ds, crop, videos, contents, make_video
):
    make_video(videos / "real" / "ann.mp4", 3)
    flip(crop)
    before = contents(ds)
    assert flaws(ds, repair=True) == [("changed-crop", below(crop, whole))]
    assert contents(ds) == before


def test_what_is_not_ours_is_left_alone(whole, ds):
    for name in ("notes.txt", "faces/README", "videos/mine.csv", "other/x.png"):
        (ds / name).parent.mkdir(exist_ok=True)
        (ds / name).touch()
    assert flaws(ds, repair=True) == []
    assert (ds / "other" / "x.png").exists()


def test_a_manifest_must_name_crops_that_are_there_and_are_what_they_were(whole, ds, crop):
    (ds / "manifests").mkdir()
    faces = [face for video in whole.videos() for face in video.faces]
    lines = [f"faces/{f.face_id[:16]}/{f.face_id}.png,real,{f.sha256}" for f in faces]
    manifest = ds / "manifests" / "train.csv"
    manifest.write_text("\n".join(["path,label,sha256", *lines]) + "\n")
    assert flaws(ds) == []
    manifest.write_text("\n".join(["path,label,sha256", *lines]).replace(faces[0].sha256, "0" * 64))
    assert flaws(ds) == [("stale-manifest", "manifests/train.csv")]
    manifest.write_text("path,label\nfaces/none.png,real\n")
    assert flaws(ds) == [("stale-manifest", "manifests/train.csv")]
    manifest.write_text("nothing,of,the,kind\n1\n")
    assert flaws(ds) == [("damaged-manifest", "manifests/train.csv")]


def test_a_damaged_log_of_decisions_is_named(whole, ds):
    (ds / "review").mkdir()
    (ds / "review" / "decisions.csv").write_text("some,thing\nelse,here\n")
    assert flaws(ds) == [("damaged-decisions", "review/decisions.csv")]


def test_a_fixed_crop_without_a_decision_is_an_orphan_once_nobody_can_be_at_it(whole, ds):
    crop = ds / "review" / "crops" / "a" / "b.png"
    crop.parent.mkdir(parents=True)
    crop.touch()
    assert flaws(ds) == []
    os.utime(crop, (0, 0))
    assert flaws(ds) == [("orphan", "review/crops/a/b.png")]
    assert flaws(ds, repair=True) == []
    assert not crop.exists()


def test_every_flaw_has_a_hint():
    assert set(HINTS) == set(Flaw)
    assert all(HINTS.values())


def test_nobody_else_may_write_meanwhile(whole, ds):
    import fcntl

    with (ds / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DatasetBusyError):
            verify_dataset(ds)
