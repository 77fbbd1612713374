from pathlib import Path

import pytest

from deepfake_dataset.errors import ConflictError, UnavailableError
from deepfake_dataset.storage.memory import MemoryStorage

from .conformance import *  # noqa: F403


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def again(storage: MemoryStorage) -> MemoryStorage:
    return storage


FAULTS = [
    ConflictError("someone else was first", "try again"),
    UnavailableError("no answer after 30 s", "try again later"),
    UnavailableError("slow down", "ask for less"),
]


@pytest.mark.parametrize("error", FAULTS, ids=str)
@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("get", lambda s: s.get("a")),
        ("get_with_version", lambda s: s.get_with_version("a")),
        ("get_range", lambda s: s.get_range("a", 0, 1)),
        ("stat", lambda s: s.stat("a")),
        ("put", lambda s: s.put("a", b"new")),
        ("put_all", lambda s: s.put_all([("a", b"new")])),
        ("put_files", lambda s: s.put_files([("a", Path(__file__))])),
        ("copy", lambda s: s.copy("a", "b")),
        ("spool", lambda s: s.spool().__enter__()),
        ("entries", lambda s: list(s.entries())),
        ("folders", lambda s: list(s.folders("x/"))),
        ("delete", lambda s: s.delete("a")),
        ("delete_all", lambda s: s.delete_all("a/")),
        ("append", lambda s: s.append("a", b"new\n")),
        ("read_log", lambda s: s.read_log("a")),
        ("lease", lambda s: s.lease().__enter__()),
    ],
)
def test_any_call_can_be_told_to_fail_once_and_changes_nothing_then(method, call, error):
    storage = MemoryStorage()
    storage.put("a", b"old\n")
    storage.fail(method, error)
    with pytest.raises(type(error)) as caught:
        call(storage)
    assert caught.value is error
    assert storage.get("a") == b"old\n"
    call(storage)


def test_a_later_call_can_be_meant():
    storage = MemoryStorage()
    storage.fail("put_all", FAULTS[1], after=2)
    with pytest.raises(UnavailableError):
        storage.put_all((f"a/{n}", b"") for n in range(5))
    assert [entry.key for entry in storage.entries()] == ["a/0", "a/1"]
