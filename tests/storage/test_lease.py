import errno
import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deepfake_dataset.errors import DatasetBusyError, DatasetWriteError
from deepfake_dataset.storage.lease import file_lease

REPOSITORY = Path(__file__).resolve().parents[2]
HOLD = """
import sys
from pathlib import Path
from deepfake_dataset.storage.lease import file_lease
with file_lease(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds tmp_path until it is told to go, or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_dataset_that_another_run_holds_is_refused_and_the_holder_named(tmp_path, holder):
    with pytest.raises(DatasetBusyError) as caught, file_lease(tmp_path):
        pytest.fail("both hold it")
    assert f"another run holds {tmp_path}: process {holder.pid} since " in str(caught.value)
    assert re.search(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 on \S+$", str(caught.value))
    assert (caught.value.exit_code, caught.value.hint != "") == (75, True)


def test_a_lock_goes_with_its_holder_however_it_ends(tmp_path, holder):
    holder.kill()
    holder.wait()
    with file_lease(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / ".lock").read_text()


def test_a_lock_is_let_go_when_the_run_ends(tmp_path):
    for _ in range(2):
        with file_lease(tmp_path):
            pass
    with pytest.raises(ValueError, match="in the run"), file_lease(tmp_path):
        raise ValueError("in the run")
    with file_lease(tmp_path):
        pass


def test_no_one_gets_in_twice_even_from_the_same_process(tmp_path):
    with file_lease(tmp_path), pytest.raises(DatasetBusyError), file_lease(tmp_path):
        pytest.fail("held twice")


def is_held(root: Path) -> bool:
    command = [sys.executable, "-c", HOLD, root]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, cwd=REPOSITORY)
    return b"another run holds" in done.stderr


def test_who_waits_gets_in_when_the_holder_has_ended(tmp_path, holder):
    told: list[str] = []

    def let_go(who: str) -> None:
        told.append(who)
        holder.kill()

    with file_lease(tmp_path, wait=True, on_wait=let_go):
        assert f"process {os.getpid()} " in (tmp_path / ".lock").read_text()
    assert len(told) == 1
    assert told[0].startswith(f"process {holder.pid} since ")


def test_a_process_that_inherits_the_descriptor_holds_the_dataset_too(tmp_path):
    with file_lease(tmp_path) as lease:
        heir = subprocess.Popen(["sleep", "600"], pass_fds=lease.descriptors)
    try:
        assert is_held(tmp_path)
    finally:
        heir.kill()
        heir.wait()
    assert not is_held(tmp_path)


def test_being_refused_leaves_the_words_of_the_holder(tmp_path, holder):
    before = (tmp_path / ".lock").read_text()
    with pytest.raises(DatasetBusyError), file_lease(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == before


def test_what_an_earlier_holder_left_does_not_matter(tmp_path):
    (tmp_path / ".lock").write_text("process 1 since the beginning of time, and longer\n" * 9)
    with file_lease(tmp_path):
        assert len((tmp_path / ".lock").read_text().splitlines()) == 1


def test_a_holder_that_has_not_signed_yet_is_told_too(tmp_path):
    with (tmp_path / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(DatasetBusyError, match="just started"), file_lease(tmp_path):
            pass


def test_a_lock_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(DatasetWriteError, match=r"\.lock: Read-only file"), file_lease(tmp_path):
        pass


def test_faults_in_the_run_are_not_taken_for_the_lock(tmp_path):
    with pytest.raises(PermissionError, match="a source"), file_lease(tmp_path):
        raise PermissionError(errno.EACCES, "a source cannot be read")
