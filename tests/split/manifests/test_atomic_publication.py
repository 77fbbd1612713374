import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from deepfake_dataset.dataset.layout import MANIFESTS, SPLIT_RECORD, STAGED_SPLIT
from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.errors import (
    ConflictError,
    DatasetBusyError,
    SplitError,
    StorageError,
    UnavailableError,
)
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.manifests.atomic_publication import (
    lock_manifests,
    publish_manifests,
    read_record,
)
from deepfake_dataset.split.manifests.split_record import (
    SPLIT_RECORD_VERSION,
    SplitRecord,
    VideoSide,
)
from deepfake_dataset.storage.base import Storage
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.memory import MemoryStorage

REPOSITORY = Path(__file__).resolve().parents[3]
OLD = {"train.csv": "old", "test.csv": "old", "val.csv": "old"}
NEW = {"train.csv": "new", "test.csv": "new"}


@pytest.fixture(params=["disk", "memory"])
def storage(request, tmp_path) -> Storage:
    return LocalStorage(tmp_path) if request.param == "disk" else MemoryStorage()


def record(files=(), side="train"):
    return SplitRecord(
        version=SPLIT_RECORD_VERSION,
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


def publish(storage, texts, side="train"):
    with lock_manifests(storage), storage.spool(MANIFESTS) as made:
        for name, text in texts.items():
            made.write(name, text.encode())
        return publish_manifests(storage, made, lambda files: record(files, side))


def seen(storage):
    """The manifests; nothing else may be left of their publication."""
    assert list(storage.entries(STAGED_SPLIT)) == list(storage.half_written()) == []
    return {
        entry.key.removeprefix(MANIFESTS): storage.get(entry.key).decode()
        for entry in storage.entries(MANIFESTS)
        if entry.key != SPLIT_RECORD
    }


def is_whole(storage):
    """Whether one split stands there, after the next one has begun: the old or the new one."""
    with lock_manifests(storage):
        side = read_record(storage).videos[0].side
    return seen(storage) == (NEW if side == "test" else OLD)


def test_all_files_appear_with_a_record_of_them(storage):
    published = publish(storage, {"train.csv": "1", "test.csv": "22", "audit.json": "{}"})
    assert seen(storage) == {"train.csv": "1", "test.csv": "22", "audit.json": "{}"}
    assert read_record(storage) == published
    assert [(f.name, f.size_bytes) for f in published.files] == [
        ("train.csv", 1),
        ("test.csv", 2),
        ("audit.json", 2),
    ]


def test_files_that_the_next_split_does_not_have_are_gone(storage):
    publish(storage, {"train.csv": "1", "test.csv": "2", "val.csv": "3"})
    publish(storage, {"train.csv": "4", "test.csv": "5"})
    assert seen(storage) == {"train.csv": "4", "test.csv": "5"}


def test_what_fails_leaves_the_manifests_as_they_were(storage):
    publish(storage, {"train.csv": "1"})
    before = storage.get(SPLIT_RECORD)

    def refused():
        with lock_manifests(storage), storage.spool(MANIFESTS) as made:
            made.write("train.csv", b"half")
            raise SplitError("no", "")

    with pytest.raises(SplitError, match="no"):
        refused()
    assert seen(storage) == {"train.csv": "1"}
    assert storage.get(SPLIT_RECORD) == before


class KilledError(BaseException):
    pass


@pytest.mark.parametrize("step", range(60))
def test_killed_at_any_step_the_next_one_finds_one_whole_split(tmp_path, monkeypatch, step):
    storage = LocalStorage(tmp_path)
    publish(storage, OLD)
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
            patched.setattr(f"pathlib.Path.{name}", counted(getattr(Path, name)))
        for name in ("fsync", "link"):
            patched.setattr(os, name, counted(getattr(os, name)))
        patched.setattr(shutil, "rmtree", counted(shutil.rmtree))
        try:
            publish(storage, NEW, "test")
        except KilledError:
            pass
        else:
            assert step > 30
    assert is_whole(storage)


@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("method", ["put", "put_files", "copy", "delete", "delete_all"])
@pytest.mark.parametrize(
    "error",
    [ConflictError("someone was first", "again"), UnavailableError("no answer", "later")],
    ids=["conflict", "time-out"],
)
def test_whatever_a_storage_fails_at_the_next_split_finds_one_whole_split(method, after, error):
    storage = MemoryStorage()
    publish(storage, OLD)
    storage.fail(method, error, after=after)
    with suppress(type(error)):
        publish(storage, NEW, "test")
    with suppress(type(error)), lock_manifests(storage):
        pass  # the failure may come as late as here
    assert is_whole(storage)


PUBLISH = """
import sys
from pathlib import Path
from tests.split.manifests.test_atomic_publication import NEW, OLD, publish
from deepfake_dataset.storage.local import LocalStorage
storage = LocalStorage(Path(sys.argv[1]))
publish(storage, OLD)
print("ready", flush=True)
while True:
    publish(storage, NEW, "test")
    publish(storage, OLD, "train")
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_at_any_moment_leaves_one_whole_split(tmp_path, seed):
    for_another = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", PUBLISH, str(tmp_path)]
    chance = random.Random(seed)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=for_another) as publishing:
        publishing.stdout.readline()
        time.sleep(chance.uniform(0, 0.2))
        publishing.send_signal(signal.SIGKILL)
    assert is_whole(LocalStorage(tmp_path))


def test_two_splits_do_not_run_at_once(storage):
    with storage.lease(MANIFESTS), pytest.raises(DatasetBusyError), lock_manifests(storage):
        pass


def test_a_split_runs_while_an_extraction_holds_the_dataset(storage):
    with storage.lease(), lock_manifests(storage):
        pass


def test_a_record_that_cannot_be_read_is_told(storage):
    publish(storage, OLD)
    if isinstance(storage, MemoryStorage):
        storage.fail("get", StorageError("no such luck", "look"))
    else:
        storage.path(SPLIT_RECORD).unlink()
        storage.path(SPLIT_RECORD).symlink_to("split.json")
    with pytest.raises(SplitError, match="cannot be read"):
        read_record(storage)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.pop("videos"),
        lambda row: row.update(more=1),
        lambda row: row.update(groups="x"),
    ],
)
def test_a_record_of_another_kind_is_refused_with_what_to_do(storage, change):
    row = json.loads(json.dumps(to_row(record())))
    change(row)
    storage.put(SPLIT_RECORD, json.dumps(row).encode())
    with pytest.raises(SplitError, match=r"split\.json is damaged") as caught:
        read_record(storage)
    assert "--fresh" in caught.value.hint


def test_a_damaged_record_is_refused_and_none_is_none(storage):
    assert read_record(storage) is None
    storage.put(SPLIT_RECORD, b"{")
    with pytest.raises(SplitError):
        read_record(storage)
