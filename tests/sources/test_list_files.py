import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.errors import SourceError
from deepfake_dataset.sources.files import printable
from deepfake_dataset.sources.list_files import VIDEO_EXTENSIONS, is_video_name, list_files

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"


def paths(*named: Path) -> list[str]:
    return sorted(file.path for file in list_files(named).files.values())


def test_folders_are_walked_to_any_depth(write, tmp_path):
    write("v/a.mp4")
    write("v/real/b/c/d.mkv")
    assert paths(tmp_path / "v") == ["a.mp4", "real/b/c/d.mkv"]


def test_a_path_is_written_below_the_folder_that_was_named(write, tmp_path, monkeypatch):
    write("v/real/a.mp4")
    monkeypatch.chdir(tmp_path)
    assert paths(Path("v")) == paths(tmp_path / "v") == ["real/a.mp4"]
    assert paths(Path("v/real/a.mp4")) == ["a.mp4"]


def test_two_dots_lead_out_of_what_a_link_leads_to(write, tmp_path):
    write("store/real/a.mp4")
    (tmp_path / "link").symlink_to("store/real")
    (file,) = list_files([tmp_path / "link" / ".."]).files.values()
    assert (file.path, file.folder.names) == ("real/a.mp4", ("real", "store"))


def test_the_folder_one_stands_in_counts_by_its_name(write, tmp_path, monkeypatch):
    monkeypatch.chdir(write("real/a.mp4").parent)
    for named in (Path(), Path("a.mp4")):
        (file,) = list_files([named]).files.values()
        assert (file.path, file.folder.names) == ("a.mp4", ("real",))


def test_locations_are_absolute(write, tmp_path, monkeypatch):
    write("v/a.mp4")
    monkeypatch.chdir(tmp_path)
    assert list(list_files([Path("v")]).files) == [str(tmp_path / "v" / "a.mp4")]


@pytest.mark.parametrize("name", ["a.mp4", "a.MOV", "a b.webm", "-a.mkv", "a\nb.avi", "a.m2ts"])
def test_videos_are_known_by_their_extension(name):
    assert is_video_name(name)


def test_the_documentation_lists_every_extension():
    listed = re.search(r"small letters:\n(.*?)\. Everything", PAGE.read_text("utf-8"), re.DOTALL)
    assert set(listed[1].split()) == VIDEO_EXTENSIONS


@pytest.mark.parametrize(
    "name",
    ["a", "mp4", "a.txt", "a.json", "a.gif", ".a.mp4", "._a.mp4", "a.mp4.part", "a.tmp",
     "a.mp4.crdownload", "a.mp4 "],
)  # fmt: skip
def test_other_files_and_hidden_ones_are_passed_over(name):
    assert not is_video_name(name)


def test_files_passed_over_are_counted(write, tmp_path):
    for name in ("a.mp4", "b.txt", "in/c.csv", "in/.d.mp4", ".hidden/e.mp4"):
        write("v/" + name)
    listing = list_files([tmp_path / "v"])
    assert [file.name for file in listing.files.values()] == ["a.mp4"]
    assert len(listing.skipped) == 3  # what lies in a hidden folder is not looked at


def test_a_file_that_was_named_is_always_taken(write, tmp_path):
    hidden, odd = write("v/.a.mp4"), write("v/b.bin")
    assert paths(hidden, odd) == [".a.mp4", "b.bin"]
    assert list_files([tmp_path / "v", odd]).skipped == {str(hidden)}


def test_a_hidden_folder_that_was_named_is_walked(write, tmp_path):
    write(".v/a.mp4")
    assert paths(tmp_path / ".v") == ["a.mp4"]


def test_a_file_under_two_arguments_is_one_and_the_outer_counts(write, tmp_path):
    inner = write("v/real/a.mp4")
    for named in ([inner, tmp_path / "v"], [tmp_path / "v", inner.parent], [tmp_path / "v"] * 2):
        (file,) = list_files(named).files.values()
        assert (file.path, file.folder.names) == ("real/a.mp4", ("real", "v"))


def test_links_to_files_and_folders_are_followed(write, tmp_path):
    write("store/a.mp4")
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "folder").symlink_to("../store")
    (tmp_path / "v" / "file.mp4").symlink_to("../store/a.mp4")
    assert paths(tmp_path / "v") == ["file.mp4", "folder/a.mp4"]


def test_loops_of_links_end(write, tmp_path):
    write("v/a/b/c.mp4")
    (tmp_path / "v" / "a" / "b" / "up").symlink_to(tmp_path / "v")
    (tmp_path / "v" / "self").symlink_to(".")
    (tmp_path / "v" / "x").symlink_to("y")
    (tmp_path / "v" / "y").symlink_to("x")
    assert paths(tmp_path / "v") == ["a/b/c.mp4"]


def test_two_links_to_a_folder_are_both_walked_since_their_names_may_differ(write, tmp_path):
    write("store/a.mp4")
    (tmp_path / "v").mkdir()
    for name in ("real", "fake"):
        (tmp_path / "v" / name).symlink_to("../store")
    assert paths(tmp_path / "v") == ["fake/a.mp4", "real/a.mp4"]


def test_links_that_lead_nowhere_are_told(write, tmp_path):
    write("v/a.mp4")
    (tmp_path / "v" / "gone.mp4").symlink_to("nowhere.mp4")
    (tmp_path / "v" / "loop.mp4").symlink_to("loop.mp4")
    refused = {u.path: u.reason for u in list_files([tmp_path / "v"]).unreadable.values()}
    assert refused.keys() == {"gone.mp4", "loop.mp4"}
    assert "No such file" in refused["gone.mp4"]
    assert "symbolic links" in refused["loop.mp4"]


def test_pipes_are_told_and_not_waited_for(write, tmp_path):
    write("v/a.mp4")
    os.mkfifo(tmp_path / "v" / "pipe.mp4")
    (refused,) = list_files([tmp_path / "v"]).unreadable.values()
    assert (refused.path, refused.reason) == ("pipe.mp4", "not a regular file")


def test_a_folder_that_cannot_be_read_is_told_and_the_rest_walked(write, tmp_path, monkeypatch):
    write("v/shut/a.mp4")
    write("v/open/b.mp4")
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    listing = list_files([tmp_path / "v"])
    assert [file.path for file in listing.files.values()] == ["open/b.mp4"]
    (refused,) = listing.unreadable.values()
    assert (refused.path, refused.reason) == ("shut", "Permission denied")


@pytest.mark.parametrize("name", ["gone", "gone/a.mp4", "a\0b", "loop", "x" * 300])
def test_a_path_that_leads_nowhere_is_named(name, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SourceError, match="cannot find") as caught:
        list_files([tmp_path / name])
    assert repr(str(tmp_path / name)) in str(caught.value)


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the file system takes UTF-8 only")
def test_names_that_are_not_utf8_are_found_and_written_with_escapes(tmp_path):
    folder = os.fsencode(tmp_path) + b"/v\xff"
    Path(os.fsdecode(folder)).mkdir()
    Path(os.fsdecode(folder + b"/caf\xe9.mp4")).touch()
    (file,) = list_files([Path(os.fsdecode(folder))]).files.values()
    assert file.path == "caf\\xe9.mp4"
    assert os.fsencode(file.location) == folder + b"/caf\xe9.mp4"


@given(st.binary(min_size=1).map(lambda b: b.replace(b"\0", b"0").replace(b"/", b"-")))
def test_any_name_is_printable_and_utf8_stays_as_it_is(name):
    text = printable(os.fsdecode(name))
    assert text.encode().decode() == text
    try:
        assert text == name.decode()
    except UnicodeDecodeError:
        assert "\\x" in text


FILE_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=30
).map(lambda name: f"-{name}.mp4")


@given(st.sets(FILE_NAMES, min_size=1, max_size=4))
def test_files_of_any_name_are_found(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("v")
    for name in names:
        (folder / name).touch()
    assert set(paths(folder)) == {entry.name for entry in folder.iterdir()}
