import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from deepfake_dataset.sources import known_files
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.list_files import list_files


@pytest.fixture
def ids(tmp_path):
    """Run over files with the cache on disk, and give their ids by name."""

    def run(*paths: Path, verify: bool = False) -> dict[str, str]:
        cache = KnownFiles(tmp_path / ".cache" / "fingerprints.sqlite")
        files = list_files(paths).files.values()
        found = {file.name: cache.video_id(file, verify=verify) for file in files}
        cache.save()
        return found

    return run


def test_a_video_id_is_the_start_of_the_hash_of_the_bytes(write, ids):
    data = bytes(range(256)) * 5000
    assert ids(write("a.mp4", data)) == {"a.mp4": hashlib.sha256(data).hexdigest()[:16]}


@pytest.mark.usefixtures("settled")
def test_known_files_are_not_read_again(write, ids, hashed):
    video = write("a.mp4")
    assert ids(video) == ids(video)
    assert hashed == ["a.mp4"]


@pytest.mark.usefixtures("settled")
def test_verify_reads_known_files_again(write, ids, hashed):
    video = write("a.mp4")
    assert ids(video) == ids(video, verify=True)
    assert hashed == ["a.mp4", "a.mp4"]


@pytest.mark.usefixtures("settled")
def test_changed_bytes_are_noticed(write, ids):
    before = ids(write("a.mp4", "before"))
    assert ids(write("a.mp4", "after, longer")) != before


@pytest.mark.usefixtures("settled")
def test_changed_bytes_of_the_same_size_under_the_old_time_are_noticed(write, ids):
    video = write("a.mp4", "before")
    before, status = ids(video), video.stat()
    write("a.mp4", "after!")
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ids(video) != before


@pytest.mark.usefixtures("settled")
def test_a_renamed_file_keeps_its_id(write, ids):
    video = write("a.mp4")
    before = ids(video)
    assert list(ids(video.rename(video.with_name("b.mp4"))).values()) == list(before.values())


def test_a_file_written_just_now_is_read_again_in_the_next_run(write, ids, hashed):
    video = write("a.mp4")
    ids(video)
    ids(video)
    assert hashed == ["a.mp4", "a.mp4"]


@pytest.mark.usefixtures("settled")
def test_a_file_dated_beyond_the_year_2262_is_remembered(write, ids, hashed):
    video = write("a.mp4")
    try:
        os.utime(video, (2**33, 2**33 + 2**32))
    except OSError:
        pytest.skip("the file system has no such dates")
    ids(video)
    ids(video)
    assert hashed == ["a.mp4"]


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("name", [b"-a \n.mp4", b"caf\xe9.mp4"])
def test_names_of_any_kind_are_remembered(name, tmp_path, ids, hashed):
    try:
        video = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        video.touch()
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    ids(video)
    ids(video)
    assert len(hashed) == 1


def _damaged(cache: Path) -> None:
    cache.write_bytes(cache.read_bytes()[:100] + b"\0" * 5000)


def _text(cache: Path) -> None:
    cache.write_text("this is something else\n" * 500)


def _empty(cache: Path) -> None:
    cache.write_bytes(b"")


def _other_database(cache: Path) -> None:
    cache.unlink()
    database = sqlite3.connect(cache)
    database.execute("CREATE TABLE fingerprint (other TEXT)")
    database.commit()
    database.close()


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("spoil", [_damaged, _text, _empty, _other_database])
def test_a_cache_that_is_spoilt_is_made_anew(spoil, write, ids, tmp_path, hashed):
    video = write("a.mp4")
    before = ids(video)
    spoil(tmp_path / ".cache" / "fingerprints.sqlite")
    assert ids(video) == before
    assert ids(video) == before
    assert hashed == ["a.mp4"] * 2


@pytest.mark.usefixtures("settled")
def test_a_cache_that_cannot_be_written_is_done_without(write, ids, tmp_path, hashed):
    write(".cache", "a file where the folder should be")
    video = write("a.mp4")
    assert ids(video) == ids(video)
    assert hashed == ["a.mp4"] * 2


@pytest.mark.usefixtures("settled")
def test_a_folder_where_the_cache_should_be_is_done_without(write, ids, tmp_path):
    (tmp_path / ".cache" / "fingerprints.sqlite").mkdir(parents=True)
    assert ids(write("a.mp4"))


@pytest.mark.usefixtures("settled")
def test_a_run_that_is_killed_loses_little(write, tmp_path, hashed, monkeypatch):
    monkeypatch.setattr(known_files, "SAVE_EVERY_BYTES", 10)
    files = [write("a.mp4", b"0123456789"), write("b.mp4", b"01234")]
    cache = tmp_path / "cache.sqlite"
    for _ in range(2):
        run = KnownFiles(cache)  # never saved by itself
        for file in list_files(files).files.values():
            run.video_id(file)
    assert hashed == ["a.mp4", "b.mp4", "b.mp4"]
