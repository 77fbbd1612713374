import os
import time

import pytest

from deepfake_dataset.sources.discover import find_videos
from deepfake_dataset.sources.known_files import KnownFiles


@pytest.fixture
def settled(tmp_path):
    """Names of the videos taken, and of those left for later."""

    def find(settle_s=60.0):
        cache = KnownFiles(tmp_path / ".cache" / "f.sqlite")
        found = find_videos([tmp_path / "v"], None, cache, settle_s=settle_s, arriving=True)
        taken = [video.path for video in found.videos]
        return taken, sorted(os.path.basename(place) for place in found.unsettled)  # noqa: PTH119

    return find


def aged(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_file_written_to_just_now_is_left_and_later_taken(write, settled, tmp_path):
    aged(write("v/old.mp4"), 3600)
    new = write("v/new.mp4")
    assert settled() == (["old.mp4"], ["new.mp4"])
    aged(new, 61)
    assert settled() == (["new.mp4", "old.mp4"], [])


@pytest.mark.parametrize(("age", "taken"), [(30, False), (59, False), (61, True), (86400, True)])
def test_the_time_at_rest_decides(age, taken, write, settled):
    aged(write("v/a.mp4"), age)
    assert settled() == ((["a.mp4"], []) if taken else ([], ["a.mp4"]))


@pytest.mark.parametrize("ahead", [61, 86400, 10 * 365 * 86400])
def test_a_clock_that_jumped_back_holds_up_no_file(ahead, write, settled):
    aged(write("v/a.mp4"), -ahead)
    assert settled() == (["a.mp4"], [])


def test_told_to_wait_for_nothing_it_takes_all(write, settled):
    write("v/a.mp4")
    write("v/a.mp4.part")
    assert settled(0) == (["a.mp4"], [])


@pytest.mark.parametrize(
    "name", ["a.mp4.part", "a.mp4.tmp", "a.mp4.crdownload", ".a.mp4", ".a.mp4.Xy12Zz", "a.part"]
)
def test_names_of_downloads_and_hidden_files_are_never_taken(name, write, settled):
    aged(write(f"v/{name}"), 3600)
    assert settled() == ([], [])


@pytest.mark.parametrize("mark", ["part", "aria2", "crdownload"])
def test_a_placeholder_beside_its_download_is_left(mark, write, settled):
    aged(write("v/a.mp4"), 3600)
    write(f"v/a.mp4.{mark}").rename(write("v/b.txt").parent / f"a.mp4.{mark}")
    assert settled() == ([], ["a.mp4"])


def test_labels_may_name_videos_that_are_still_to_come(write, tmp_path):
    aged(write("v/a.mp4"), 3600)
    write("v/b.mp4")
    labels = write("labels.csv", "path,label\nv/a.mp4,real\nv/b.mp4,fake\nv/c.mp4,fake\n")
    cache = KnownFiles(tmp_path / ".cache" / "f.sqlite")
    found = find_videos([tmp_path / "v"], labels, cache, settle_s=60, arriving=True)
    assert [(v.path, v.provenance.label) for v in found.videos] == [("a.mp4", "real")]
