"""What every storage must do; a backend's test file names these tests and gives the storage.

from .conformance import *

@pytest.fixture
def storage(): ...        # a new, empty storage
@pytest.fixture
def again(storage): ...   # the same place opened once more, as another process would
"""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from deepfake_dataset.errors import ConflictError, DatasetBusyError, MissingKeyError, StorageError

__all__ = [
    "test_a_conditional_write_loses_to_whoever_was_first",
    "test_a_copy_is_an_object_of_its_own",
    "test_a_file_of_a_spool_has_a_size_and_a_digest",
    "test_a_key_that_no_bucket_or_folder_can_hold_is_refused",
    "test_a_lease_has_one_holder_at_a_time",
    "test_a_lease_is_free_after_an_error",
    "test_a_log_gives_whole_lines_from_where_a_reader_stood",
    "test_a_log_that_is_deleted_begins_anew",
    "test_a_log_that_many_write_to_has_every_line_once",
    "test_a_missing_object_is_said_to_be_missing",
    "test_a_place_is_empty_until_something_is_put_there",
    "test_a_prefix_is_of_characters_and_not_of_folders",
    "test_a_range_ends_with_the_object",
    "test_a_reader_beside_a_writer_never_sees_half_an_object",
    "test_a_version_changes_with_every_write_even_of_the_same_bytes",
    "test_files_of_a_spool_become_objects",
    "test_folders_are_the_parts_up_to_the_next_slash",
    "test_listing_is_in_the_order_of_keys",
    "test_many_are_written_whole",
    "test_of_many_who_compare_and_swap_each_counts_once",
    "test_of_many_who_create_one_wins",
    "test_what_is_being_made_is_no_object_and_can_be_discarded",
    "test_what_is_deleted_is_gone_and_deleting_nothing_is_no_error",
    "test_what_is_left_in_a_spool_is_gone",
    "test_what_was_put_is_what_is_got",
    "test_who_waits_for_a_lease_is_told_and_gets_it",
]

WRITERS = 8


def keys(storage, prefix=""):
    return [entry.key for entry in storage.entries(prefix)]


@pytest.mark.parametrize("data", [b"", b"bytes", b"\0\xff" * 70_000])
def test_what_was_put_is_what_is_got(storage, again, data):
    version = storage.put("videos/a.parquet", data)
    assert again.get("videos/a.parquet") == data
    assert again.get_with_version("videos/a.parquet") == (data, version)
    entry = again.stat("videos/a.parquet")
    assert (entry.key, entry.size, entry.version) == ("videos/a.parquet", len(data), version)
    assert entry.modified_s > 1.5e9


def test_a_missing_object_is_said_to_be_missing(storage):
    storage.put("a/b", b"")
    for read in (storage.get, storage.get_with_version, lambda key: storage.get_range(key, 0, 1)):
        for key in ("none", "a", "a/b/c"):
            with pytest.raises(MissingKeyError):
                read(key)
    assert storage.stat("none") is None
    assert storage.stat("a") is None


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "a\0b"])
def test_a_key_that_no_bucket_or_folder_can_hold_is_refused(storage, key):
    for call in (storage.get, storage.stat, storage.delete, lambda k: storage.put(k, b"")):
        with pytest.raises(StorageError, match="name of an object"):
            call(key)


def test_a_range_ends_with_the_object(storage):
    storage.put("a", b"0123456789")
    assert storage.get_range("a", 2, 5) == b"234"
    assert storage.get_range("a", 8, 99) == b"89"
    assert storage.get_range("a", 10, 12) == b""
    assert storage.get_range("a", 5, 5) == b""


def test_a_version_changes_with_every_write_even_of_the_same_bytes(storage):
    versions = [storage.put("a", b"same") for _ in range(50)]
    assert len(set(versions)) == 50


def test_a_conditional_write_loses_to_whoever_was_first(storage, again):
    first = storage.put("a", b"1", unless_exists=True)
    with pytest.raises(ConflictError):
        again.put("a", b"2", unless_exists=True)
    second = again.put("a", b"2", if_version=first)
    with pytest.raises(ConflictError):
        storage.put("a", b"3", if_version=first)
    storage.delete("a")
    with pytest.raises(ConflictError):
        storage.put("a", b"3", if_version=second)
    assert storage.stat("a") is None


def test_of_many_who_create_one_wins(storage, again):
    def create(number: int) -> bool:
        try:
            (storage, again)[number % 2].put("a", b"%d" % number, unless_exists=True)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        won = list(pool.map(create, range(WRITERS)))
    assert sum(won) == 1
    assert storage.get("a") == b"%d" % won.index(True)


def test_of_many_who_compare_and_swap_each_counts_once(storage, again):
    storage.put("count", b"0")

    def add(number: int) -> None:
        place = (storage, again)[number % 2]
        while True:
            data, version = place.get_with_version("count")
            try:
                place.put("count", b"%d" % (int(data) + 1), if_version=version)
            except ConflictError:
                continue
            return

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(add, range(5 * WRITERS)))
    assert again.get("count") == b"%d" % (5 * WRITERS)


def test_many_are_written_whole(storage, again):
    storage.put("faces/a/0.png", b"old")
    storage.put_all((f"faces/{n % 3}/{n}.png", b"%d" % n) for n in range(20))
    storage.put_all([("faces/a/0.png", b"new")])
    assert again.get("faces/a/0.png") == b"new"
    assert [again.get(f"faces/{n % 3}/{n}.png") for n in range(20)] == [
        b"%d" % n for n in range(20)
    ]


def test_files_of_a_spool_become_objects(storage, again):
    storage.put("faces/a/1.png", b"old")
    with storage.spool("faces/") as spool:
        folder = spool.folder
        assert list(folder.iterdir()) == []
        for number in range(3):
            spool.write(f"{number}.png", b"%d" % number)
        names = [f"{number}.png" for number in range(3)]
        storage.put_files((f"faces/a/{name}", folder / name) for name in names)
    assert [again.get(f"faces/a/{name}") for name in names] == [b"0", b"1", b"2"]
    assert keys(again) == [f"faces/a/{name}" for name in names]
    assert not folder.exists()


def test_a_file_of_a_spool_has_a_size_and_a_digest(storage):
    with storage.spool() as spool:
        spool.write("a", b"abc" * 100_000)
        assert spool.digest("a") == (300_000, hashlib.sha256(b"abc" * 100_000).hexdigest())


def test_a_copy_is_an_object_of_its_own(storage, again):
    storage.put("a/one", b"1")
    before = storage.put("b", b"old")
    assert storage.copy("a/one", "b") == again.get_with_version("b")[1] != before
    storage.copy("a/one", "b")
    storage.copy("a/one", "c/d")
    storage.put("a/one", b"2")
    storage.delete("a/one")
    assert [again.get(key) for key in keys(again)] == [b"1", b"1"]
    assert list(again.half_written()) == []
    with pytest.raises(MissingKeyError):
        storage.copy("a/one", "b")
    assert again.get("b") == b"1"


def test_what_is_left_in_a_spool_is_gone(storage):
    with suppress(ValueError), storage.spool("faces/") as spool:
        (spool.folder / "below").mkdir()
        (spool.folder / "below" / "1.png").touch()
        raise ValueError("on the way")
    assert not spool.folder.exists()
    assert list(storage.entries()) == list(storage.half_written()) == []


def test_what_is_being_made_is_no_object_and_can_be_discarded(storage, again):
    storage.put("faces/a/1.png", b"")
    with storage.spool("faces/") as spool, storage.spool("faces/a/"):
        spool.write("1.png", b"")
        assert keys(again) == ["faces/a/1.png"]
        assert list(again.folders("faces/")) == ["a"]
        near, all_ = list(again.half_written("faces/", deep=False)), list(again.half_written())
        assert set(near) <= set(all_)
        for left in all_:
            again.discard(left)
        assert list(again.half_written()) == []
    assert keys(again) == ["faces/a/1.png"]


def test_a_place_is_empty_until_something_is_put_there(storage, again):
    assert again.is_empty()
    with storage.spool():
        assert again.is_empty()
    storage.put("a/b", b"")
    assert not again.is_empty()
    assert again.identity() == storage.identity()


def test_listing_is_in_the_order_of_keys(storage, again):
    names = ["a", "a-b", "a.b", "a/b", "a/b-c", "a0", "a/ä", "b/c/d", "b/c", "Z", "b/c.d"]
    put = [name for name in names if name not in ("a", "b/c")]  # a file is no folder
    for name in put:
        storage.put(name, name.encode())
    assert keys(again) == sorted(put)
    assert [entry.size for entry in again.entries("a/")] == [3, 5, 4]


def test_a_prefix_is_of_characters_and_not_of_folders(storage):
    for name in ("videos/ab1", "videos/ab/c", "videos/b", "videosx", "faces/a"):
        storage.put(name, b"")
    assert keys(storage, "videos/a") == ["videos/ab/c", "videos/ab1"]
    assert keys(storage, "videos") == ["videos/ab/c", "videos/ab1", "videos/b", "videosx"]
    assert keys(storage, "videos/ab/") == ["videos/ab/c"]
    assert keys(storage, "none/") == keys(storage, "videos/z") == []


def test_folders_are_the_parts_up_to_the_next_slash(storage):
    for name in ("faces/b/1", "faces/a/1", "faces/a/2/3", "faces/c", "other/d/1"):
        storage.put(name, b"")
    assert list(storage.folders("faces/")) == ["a", "b"]
    assert list(storage.folders("faces/a/")) == ["2"]
    assert list(storage.folders("none/")) == list(storage.folders("faces/c/")) == []
    assert keys(storage, "faces/c/") == []


def test_what_is_deleted_is_gone_and_deleting_nothing_is_no_error(storage, again):
    for name in ("faces/a/1", "faces/a/2", "faces/ab/1", "b"):
        storage.put(name, b"")
    for _ in range(2):
        storage.delete("b")
        storage.delete_all("faces/a/")
        assert keys(again) == ["faces/ab/1"]


def test_a_reader_beside_a_writer_never_sees_half_an_object(storage, again):
    sizes = [50_000, 90_000]
    storage.put("a", b"0" * sizes[0])
    done = threading.Event()

    def write() -> None:
        for n in range(60):
            storage.put("a", b"%d" % (n % 2) * sizes[n % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not done.is_set() or not reads:
        data = again.get("a")
        assert (data[:1], len(data)) in ((b"0", sizes[0]), (b"1", sizes[1]))
        assert len(set(data)) == 1
        assert keys(again) == ["a"]
        reads += 1
    writer.join()


def test_a_log_gives_whole_lines_from_where_a_reader_stood(storage, again):
    assert again.read_log("log") == (b"", 0)
    storage.append("log", b"1\n", header=b"number\n")
    lines, end = again.read_log("log")
    assert (lines, end) == (b"number\n1\n", 9)
    again.append("log", b"2\n3\n", header=b"number\n")
    assert storage.read_log("log", end) == (b"2\n3\n", 13)
    assert storage.read_log("log", 13) == (b"", 13)


def test_a_log_that_is_deleted_begins_anew(storage, again):
    storage.append("log", b"1\n", header=b"number\n")
    again.delete("log")
    assert storage.read_log("log") == (b"", 0)
    storage.append("log", b"2\n", header=b"number\n")
    assert again.read_log("log") == (b"number\n2\n", 9)


def test_a_log_that_many_write_to_has_every_line_once(storage, again):
    def add(number: int) -> None:
        place, line = (storage, again)[number % 2], b"%d\n" % number
        place.append("log", line * (1 + number % 3), header=b"n\n")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(add, range(30)))
    lines = again.read_log("log")[0].split()
    assert lines[0] == b"n"
    assert sorted(lines[1:], key=int) == [b"%d" % n for n in range(30) for _ in range(1 + n % 3)]


def test_a_lease_has_one_holder_at_a_time(storage, again):
    storage.put("review/a", b"")
    with storage.lease(), storage.lease("review/"), storage.lease("nothing/there/"):
        with pytest.raises(DatasetBusyError) as caught, again.lease():
            pytest.fail("both hold it")
        assert caught.value.hint
    with again.lease(), again.lease("review/"):
        pass
    assert keys(storage) == ["review/a"]


def test_a_lease_is_free_after_an_error(storage, again):
    with pytest.raises(ValueError, match="within"), storage.lease():
        raise ValueError("within")
    with again.lease():
        pass


def test_who_waits_for_a_lease_is_told_and_gets_it(storage, again):
    told: list[str] = []
    go = threading.Event()

    def heard(who: str) -> None:
        told.append(who)
        go.set()

    def hold(begun: Callable[[], None]) -> None:
        with storage.lease():
            begun()
            go.wait(60)

    held = threading.Event()
    holder = threading.Thread(target=hold, args=(held.set,))
    holder.start()
    held.wait(60)
    with again.lease(wait=True, on_wait=heard):
        assert len(told) == 1
    holder.join()
