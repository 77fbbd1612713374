from collections import Counter

import pytest

from deepfake_dataset.sources.discover import find_videos
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.locations import FileLocations, FileStatus

HERE, RENAMED, REPLACED, GONE = (
    FileStatus.IN_PLACE,
    FileStatus.RENAMED,
    FileStatus.REPLACED,
    FileStatus.GONE,
)


@pytest.fixture
def look(tmp_path, dataset):
    """Search, as a run does; gives what changed, and the fate of every video by path."""

    def search(*names):
        cache = KnownFiles(tmp_path / ".cache" / "f.sqlite")
        found = find_videos([tmp_path / (n or "v") for n in names or ("v",)], None, cache)
        locations = FileLocations(dataset)
        changed = locations.update(found)
        assert FileLocations(dataset).locations == locations.locations
        fates = {place.path: place.fate for place in locations.locations.values()}
        return Counter(place.fate for place in changed), fates

    return search


def test_what_is_seen_for_the_first_time_is_in_place(write, look):
    write("v/a.mp4")
    assert look() == ({}, {"a.mp4": HERE})
    assert look() == ({}, {"a.mp4": HERE})


def test_a_renamed_file_is_told_once_and_followed(write, look, tmp_path):
    write("v/a.mp4").rename(tmp_path / "a.mp4")
    write("v/b.mp4")
    (tmp_path / "a.mp4").rename(tmp_path / "v" / "a.mp4")
    look()
    (tmp_path / "v" / "sub").mkdir()
    (tmp_path / "v" / "a.mp4").rename(tmp_path / "v" / "sub" / "z.mp4")
    assert look() == ({RENAMED: 1}, {"sub/z.mp4": RENAMED, "b.mp4": HERE})
    assert look() == ({}, {"sub/z.mp4": RENAMED, "b.mp4": HERE})


def test_two_files_that_swap_names_are_renamed_not_replaced(write, look, tmp_path):
    a, b = write("v/a.mp4"), write("v/b.mp4")
    look()
    a.rename(tmp_path / "c")
    b.rename(a)
    (tmp_path / "c").rename(b)
    assert look()[0] == {RENAMED: 2}


def test_other_bytes_in_its_place_replace_a_video(write, look):
    write("v/a.mp4", "old")
    look()
    write("v/a.mp4", "newer")
    changed, _ = look()
    assert changed == {REPLACED: 1}
    assert look()[0] == {}


def test_a_replaced_video_that_comes_back_is_in_place_again(write, look):
    write("v/a.mp4", "old")
    write("v/b.mp4")
    look()
    write("v/a.mp4", "newer")
    look()
    write("v/a.mp4", "old")
    changed, _ = look()
    assert changed == {HERE: 1, REPLACED: 1}


def test_a_deleted_file_is_gone_until_it_comes_back(write, look, tmp_path):
    write("v/a.mp4").rename(tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "v" / "a.mp4")
    write("v/b.mp4")
    look()
    (tmp_path / "v" / "a.mp4").rename(tmp_path / "kept")
    assert look() == ({GONE: 1}, {"a.mp4": GONE, "b.mp4": HERE})
    (tmp_path / "kept").rename(tmp_path / "v" / "a.mp4")
    assert look() == ({HERE: 1}, {"a.mp4": HERE, "b.mp4": HERE})


def test_a_search_elsewhere_says_nothing_of_files_that_are_there(write, look):
    write("v/a.mp4")
    write("w/b.mp4")
    look("v")
    assert look("w") == ({}, {"a.mp4": HERE, "b.mp4": HERE})


def test_a_file_in_a_folder_that_was_not_searched_is_missed_too(write, look, tmp_path):
    a = write("v/a.mp4")
    write("w/b.mp4")
    look("v")
    a.unlink()
    assert look("w")[0] == {GONE: 1}


def test_a_copy_elsewhere_is_no_renaming(write, look):
    write("v/a.mp4", "same")
    look("v")
    write("w/a.mp4", "same")
    assert look("w") == ({}, {"a.mp4": HERE})


def test_of_two_copies_one_may_go(write, look):
    first = write("v/a.mp4", "same")
    write("v/b.mp4", "same")
    look()
    first.unlink()
    assert look() == ({RENAMED: 1}, {"b.mp4": RENAMED})


def test_a_disk_that_is_not_there_changes_nothing_but_the_fate(write, look, tmp_path):
    write("v/a.mp4")
    write("w/b.mp4")
    look("v", "w")
    (tmp_path / "v").rename(tmp_path / "unmounted")
    assert look("w")[0] == {GONE: 1}
    (tmp_path / "unmounted").rename(tmp_path / "v")
    assert look("v", "w")[0] == {HERE: 1}


def test_a_look_at_the_moment_writes_nothing(write, look, dataset):
    a = write("v/a.mp4")
    look()
    a.unlink()
    locations = FileLocations(dataset)
    assert [place.fate for place in locations.checked_now()] == [GONE]
    assert [place.fate for place in FileLocations(dataset).locations.values()] == [HERE]


def test_a_forgotten_video_is_forgotten(write, look, dataset):
    write("v/a.mp4")
    look()
    locations = FileLocations(dataset)
    locations.forget(list(locations.locations))
    assert FileLocations(dataset).locations == {}
