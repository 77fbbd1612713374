import fcntl
import json
import os

import pytest

from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.errors import DatasetBusyError, SplitError
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.manifests import atomic_publication as module
from deepfake_dataset.split.manifests.atomic_publication import (
    lock_manifests,
    publish_manifests,
    read_record,
    staging_folder,
)
from deepfake_dataset.split.manifests.split_record import RECORD_VERSION, SplitRecord, VideoSide


def record(files=(), side="train"):
    return SplitRecord(
        version=RECORD_VERSION,
        settings=SplitSettings(),
        pinned=False,
        groups=1,
        largest_group=1,
        resolution_edges=(1.5,),
        counts=(),
        swallowed=(),
        set_aside=(),
        videos=(VideoSide("a", "a", side),),
        joins=(),
        files=tuple(files),
    )


def made(manifests, texts, side="train"):
    with lock_manifests(manifests), staging_folder(manifests) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text)
        return publish_manifests(folder, lambda files: record(files, side))


def seen(manifests):
    return {
        path.name: path.read_text()
        for path in manifests.iterdir()
        if path.name not in (".lock", "split.json")
    }


def test_all_files_appear_with_a_record_of_them(tmp_path):
    manifests = tmp_path / "manifests"
    published = made(manifests, {"train.csv": "1", "test.csv": "22", "audit.json": "{}"})
    assert seen(manifests) == {"train.csv": "1", "test.csv": "22", "audit.json": "{}"}
    assert read_record(manifests) == published
    assert [(f.name, f.size_bytes) for f in published.files] == [
        ("train.csv", 1),
        ("test.csv", 2),
        ("audit.json", 2),
    ]


def test_files_that_the_next_split_does_not_have_are_gone(tmp_path):
    made(tmp_path, {"train.csv": "1", "test.csv": "2", "val.csv": "3"})
    made(tmp_path, {"train.csv": "4", "test.csv": "5"})
    assert seen(tmp_path) == {"train.csv": "4", "test.csv": "5"}


def test_what_fails_leaves_the_manifests_as_they_were(tmp_path):
    made(tmp_path, {"train.csv": "1"})
    before = (tmp_path / "split.json").read_bytes()

    def refused():
        with lock_manifests(tmp_path), staging_folder(tmp_path) as folder:
            (folder / "train.csv").write_text("half")
            raise SplitError("no", "")

    with pytest.raises(SplitError, match="no"):
        refused()
    assert seen(tmp_path) == {"train.csv": "1"}
    assert (tmp_path / "split.json").read_bytes() == before


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("step", range(30))
def test_killed_at_any_step_the_next_one_finds_one_whole_split(tmp_path, monkeypatch, step):
    made(tmp_path, {"train.csv": "old", "test.csv": "old", "val.csv": "old"}, "train")
    left = [step]

    def counted(function):
        def call(*args, **kwargs):
            if not left[0]:
                raise KilledError
            left[0] -= 1
            return function(*args, **kwargs)

        return call

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink", "mkdir"):
            patched.setattr(f"pathlib.Path.{name}", counted(getattr(module.Path, name)))
        patched.setattr(os, "fsync", counted(os.fsync))
        patched.setattr(module.shutil, "rmtree", counted(module.shutil.rmtree))
        try:
            made(tmp_path, {"train.csv": "new", "test.csv": "new"}, "test")
        except KilledError:
            pass
        else:
            assert step > 10
    with lock_manifests(tmp_path):
        side = read_record(tmp_path).videos[0].side
    new = {"train.csv": "new", "test.csv": "new"}
    old = {"train.csv": "old", "test.csv": "old", "val.csv": "old"}
    assert seen(tmp_path) == (new if side == "test" else old)


def test_two_splits_do_not_run_at_once(tmp_path):
    with (tmp_path / ".lock").open("a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DatasetBusyError), lock_manifests(tmp_path):
            pass


def test_a_split_runs_while_an_extraction_holds_the_dataset(tmp_path):
    from deepfake_dataset.storage.lease import file_lease

    with file_lease(tmp_path), lock_manifests(tmp_path / "manifests"):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.pop("videos"),
        lambda row: row.update(more=1),
        lambda row: row.update(groups="x"),
    ],
)
def test_a_record_of_another_kind_is_refused_with_what_to_do(tmp_path, change):
    row = json.loads(json.dumps(to_row(record())))
    change(row)
    (tmp_path / "split.json").write_text(json.dumps(row))
    with pytest.raises(SplitError, match=r"split\.json is damaged") as caught:
        read_record(tmp_path)
    assert "--fresh" in caught.value.hint


def test_a_damaged_record_is_refused_and_none_is_none(tmp_path):
    assert read_record(tmp_path) is None
    (tmp_path / "split.json").write_text("{")
    with pytest.raises(SplitError):
        read_record(tmp_path)
