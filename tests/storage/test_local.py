import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deepfake_dataset.errors import ConflictError, DatasetWriteError, StorageError
from deepfake_dataset.storage import local
from deepfake_dataset.storage.local import LocalStorage, write_file

from .conformance import *  # noqa: F403

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


@pytest.fixture
def again(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def running(code: str, *arguments: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY)


WRITE = """
import sys
from pathlib import Path
from deepfake_dataset.storage.local import LocalStorage
storage = LocalStorage(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    storage.put("records/a", b"%07d" % number * 20_000)
    storage.put_all((f"faces/{n}", b"%07d" % number * 5_000) for n in range(5))
    with storage.spool("spooled/") as spool:
        spool.write("a", b"%07d" % number * 9_000)
        storage.put_files([("spooled/a", spool.folder / "a")])
    storage.append("log", b"%07d\\n" % number)
    print(number, flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_kill_at_any_moment_leaves_whole_objects_and_what_was_acknowledged(
    tmp_path, storage, seed
):
    writer = running(WRITE, tmp_path)
    writer.stdout.readline()
    time.sleep(random.Random(seed).uniform(0, 0.15))
    writer.kill()
    acknowledged = len(writer.communicate()[0].split())
    for entry in storage.entries():
        data = storage.get(entry.key)
        size = {"records": 20_000, "faces": 5_000, "spooled": 9_000}.get(entry.key.split("/")[0])
        assert size is None or data == data[:7] * size
    if acknowledged:
        assert int(storage.get("records/a")[:7]) >= acknowledged
        assert all(int(storage.get(f"faces/{n}")[:7]) >= acknowledged for n in range(5))
    lines = storage.read_log("log")[0].split()
    assert list(map(int, lines)) == list(range(1, len(lines) + 1))
    assert len(lines) >= acknowledged
    for left in list(storage.half_written()):
        storage.discard(left)
    assert not list(tmp_path.rglob(f"{local.ASIDE}*"))


COUNT = """
import sys
from pathlib import Path
from deepfake_dataset.errors import ConflictError
from deepfake_dataset.storage.local import LocalStorage
storage = LocalStorage(Path(sys.argv[1]))
done = 0
while done < 40:
    data, version = storage.get_with_version("count")
    try:
        storage.put("count", b"%d" % (int(data) + 1), if_version=version)
        done += 1
    except ConflictError:
        pass
"""


def test_processes_that_compare_and_swap_lose_no_write(tmp_path, storage):
    storage.put("count", b"0")
    writers = [running(COUNT, tmp_path) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.stdout.close()
    assert storage.get("count") == b"120"


def test_hidden_and_half_written_files_are_not_listed(tmp_path, storage):
    storage.put("faces/a/1.png", b"")
    for name in (".lock", "faces/.DS_Store", f"faces/a/{local.ASIDE}2.png", f"{local.ASIDE}x/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [entry.key for entry in storage.entries()] == ["faces/a/1.png"]
    assert list(storage.folders("faces/")) == ["a"]
    assert list(storage.half_written("faces/", deep=False)) == []
    left = list(storage.half_written())
    assert left == [f"{local.ASIDE}x", f"faces/a/{local.ASIDE}2.png"]
    for name in left:
        storage.discard(name)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        ".DS_Store",
        ".lock",
        "1.png",
    ]


def test_a_torn_last_line_of_a_log_is_passed_over_and_cut_off(tmp_path, storage):
    storage.append("log", b"1\n", header=b"number\n")
    with (tmp_path / "log").open("ab") as file:
        file.write(b"torn")
    assert storage.read_log("log") == (b"number\n1\n", 9)
    storage.append("log", b"2\n")
    assert storage.read_log("log") == (b"number\n1\n2\n", 11)


def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path, storage, monkeypatch):
    storage.put("a", b"old")
    storage.append("log", b"1\n")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(local, "_write_out", full)
    for write in (
        lambda: storage.put("a", b"new"),
        lambda: storage.put_all([("a", b"new")]),
        lambda: storage.append("log", b"2\n"),
        lambda: storage.append("log", b"2\n3\n"),
        lambda: write_file(tmp_path / "a", b"new"),
    ):
        with pytest.raises(DatasetWriteError, match="No space left") as caught:
            write()
        assert "free some space" in caught.value.hint
    assert (storage.get("a"), storage.read_log("log")) == (b"old", (b"1\n", 2))
    assert not list(tmp_path.rglob(f"{local.ASIDE}*"))


def test_what_cannot_be_read_is_no_missing_object(storage, monkeypatch):
    storage.put("a", b"")

    def broken(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(StorageError, match="cannot be read: Input/output error"):
        storage.get("a")


def test_a_conflict_names_the_file_and_what_to_do(tmp_path, storage):
    storage.put("videos/a", b"")
    with pytest.raises(ConflictError, match="videos/a was written by another run") as caught:
        storage.put("videos/a", b"", unless_exists=True)
    assert "again" in caught.value.hint


def test_a_file_of_the_users_own_is_written_in_one_step(tmp_path):
    write_file(tmp_path / "new" / "out.csv", b"a")
    write_file(tmp_path / "new" / "out.csv", b"b")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.csv"]
    assert (tmp_path / "new" / "out.csv").read_bytes() == b"b"


def test_a_name_may_be_as_long_as_the_disk_takes(tmp_path):
    file = tmp_path / ("ü" * 120 + ".csv")
    write_file(file, b"a")
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_a_signal_in_the_middle_of_a_write_leaves_nothing_aside(tmp_path, storage, monkeypatch):
    def interrupted(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(local, "flush", interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.put("a", b"new")
    assert not list(tmp_path.rglob(f"{local.ASIDE}*"))


def test_folders_that_are_made_on_the_way_are_on_the_disk_too(tmp_path, storage, monkeypatch):
    flushed: list[Path] = []
    monkeypatch.setattr(local, "flush", flushed.append)
    storage.put("a/b/c", b"")
    assert flushed == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    with storage.spool("d/") as spool:
        spool.write("1", b"")
        flushed.clear()
        storage.put_files([("d/e/1", spool.folder / "1")])
    assert flushed == [tmp_path / "d", tmp_path / "d" / "e"]


def test_a_process_forked_in_the_middle_of_a_write_holds_up_nobody(tmp_path, storage, monkeypatch):
    flush, children = local.flush, []

    def fork(path: Path) -> None:
        flush(path)
        if path == tmp_path and not children:
            child = os.fork()
            if not child:
                signal.pause()
            children.append(child)

    with monkeypatch.context() as patch:
        patch.setattr(local, "flush", fork)
        storage.put("a", b"1")
    try:
        writer = running(
            "from pathlib import Path\nimport sys\n"
            "from deepfake_dataset.storage.local import LocalStorage\n"
            "LocalStorage(Path(sys.argv[1])).put('a', b'2')",
            tmp_path,
        )
        assert writer.wait(60) == 0
        writer.communicate()
    finally:
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)
    assert storage.get("a") == b"2"


def test_a_place_is_the_same_however_it_is_named(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    places = [LocalStorage(Path(name)) for name in ("real", "link", "./link/../real")]
    assert {place.identity() for place in places} == {str(tmp_path / "real")}
    assert [place.location("a") for place in places[:2]] == ["real/a", "link/a"]


def test_a_folder_with_things_of_others_is_not_empty(tmp_path, storage):
    assert LocalStorage(tmp_path / "missing").is_empty()
    (tmp_path / ".git").touch()
    assert not storage.is_empty()
    assert not LocalStorage(tmp_path / ".git").is_empty()


def test_where_a_file_cannot_have_two_names_a_copy_is_made(storage, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    storage.put("a", b"1")
    monkeypatch.setattr(os, "link", refused)
    storage.copy("a", "b")
    assert storage.get("b") == b"1"
    assert storage.path("a").stat().st_ino != storage.path("b").stat().st_ino
