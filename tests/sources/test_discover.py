import hashlib
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from deepfake_dataset.errors import LabelsError, SourceError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.known_files import KnownFiles


def test_a_video_is_known_by_its_bytes(write, find, tmp_path):
    write("v/real/a.mp4", b"bytes")
    (video,) = find(tmp_path / "v").videos
    assert video.video_id == hashlib.sha256(b"bytes").hexdigest()[:16]
    assert video.location == str(tmp_path / "v" / "real" / "a.mp4")
    assert (video.path, video.size_bytes) == ("real/a.mp4", 5)
    assert video.provenance == Provenance(Label.REAL)


def test_videos_stand_in_the_order_of_their_paths_however_they_are_named(write, find, tmp_path):
    for name in ("v/b.mp4", "v/a/z.mp4", "w/c.mp4", "w/a.mp4"):
        write(name)
    first = find(tmp_path / "v", tmp_path / "w")
    assert [video.path for video in first.videos] == ["a.mp4", "a/z.mp4", "b.mp4", "c.mp4"]
    assert find(tmp_path / "w", tmp_path / "v") == first


@pytest.mark.usefixtures("settled")
def test_a_second_run_reads_no_file(write, find, tmp_path, hashed):
    for name in ("a.mp4", "b.mp4", "c/d.mp4"):
        write("v/" + name)
    first = find(tmp_path / "v")
    assert sorted(hashed) == ["a.mp4", "b.mp4", "d.mp4"]
    hashed.clear()
    assert find(tmp_path / "v") == first
    assert hashed == []


@pytest.mark.usefixtures("settled")
def test_verify_reads_every_file(write, find, tmp_path, hashed):
    write("v/a.mp4")
    first = find(tmp_path / "v")
    assert find(tmp_path / "v", verify=True) == first
    assert hashed == ["a.mp4", "a.mp4"]


@pytest.mark.usefixtures("settled")
def test_what_was_hashed_is_kept_when_the_run_is_interrupted(
    write, find, tmp_path, hashed, monkeypatch
):
    write("v/a.mp4")
    write("v/b.mp4")
    video_id = KnownFiles.video_id

    def interrupted(self, file, *, verify=False):
        if file.name == "b.mp4":
            raise KeyboardInterrupt
        return video_id(self, file, verify=verify)

    monkeypatch.setattr(KnownFiles, "video_id", interrupted)
    with pytest.raises(KeyboardInterrupt):
        find(tmp_path / "v")
    monkeypatch.setattr(KnownFiles, "video_id", video_id)
    find(tmp_path / "v")
    assert hashed == ["a.mp4", "b.mp4"]


def test_files_with_the_same_bytes_are_one_video_and_the_first_path_stands(write, find, tmp_path):
    for name in ("c.mp4", "b.mp4", "d/a.mp4"):
        write("v/" + name, b"same")
    found = find(tmp_path / "v")
    assert [video.path for video in found.videos] == ["b.mp4"]
    assert [other.path for other in found.duplicates] == ["c.mp4", "d/a.mp4"]
    assert {other.video_id for other in found.duplicates} == {found.videos[0].video_id}


def test_links_to_one_file_are_one_video_that_is_read_once(write, find, tmp_path, hashed):
    video = write("v/a.mp4")
    (tmp_path / "v" / "soft.mp4").symlink_to("a.mp4")
    (tmp_path / "v" / "hard.mp4").hardlink_to(video)
    found = find(tmp_path / "v")
    assert [v.path for v in found.videos] == ["a.mp4"]
    assert [other.path for other in found.duplicates] == ["hard.mp4", "soft.mp4"]
    assert len(hashed) == 1


def test_of_the_same_bytes_the_file_of_which_most_is_known_stands(write, find, tmp_path):
    write("v/a.mp4", b"same")
    write("v/fake/b.mp4", b"same")
    write("v/manipulated_sequences/Deepfakes/c23/videos/000_003.mp4", b"same")
    (video,) = find(tmp_path / "v").videos
    assert video.provenance == Provenance(Label.FAKE, "Deepfakes", "000", "003")
    assert video.path.endswith("videos/000_003.mp4")


def test_the_same_bytes_with_two_labels_are_refused_and_both_named(write, find, tmp_path):
    real, fake = write("v/real/a.mp4", b"same"), write("v/fake/b.mp4", b"same")
    with pytest.raises(SourceError) as caught:
        find(tmp_path / "v")
    assert f"{str(real)!r} is real" in str(caught.value)
    assert f"{str(fake)!r} is fake" in str(caught.value)


def test_a_label_csv_can_settle_the_same_bytes_with_two_labels(write, find, tmp_path):
    write("v/real/a.mp4", b"same")
    write("v/fake/b.mp4", b"same")
    labels = write("labels.csv", "path,label\na.mp4,fake\n")
    (video,) = find(tmp_path / "v", labels=labels).videos
    assert video.provenance.label is Label.FAKE


def test_empty_files_contradict_nothing(write, find, tmp_path):
    write("v/real/a.mp4", b"")
    write("v/fake/b.mp4", b"")
    (video,) = find(tmp_path / "v").videos
    assert (video.size_bytes, video.provenance) == (0, Provenance())


def test_the_csv_goes_before_the_layout_before_the_folder_names(write, find, tmp_path):
    write("v/fake/a.mp4")
    write("v/fake/original_sequences/youtube/c23/videos/004.mp4")
    write("v/fake/original_sequences/youtube/c23/videos/005.mp4")
    labels = write("labels.csv", "path,label\n005.mp4,unknown\n")
    found = {video.path[-7:]: video.provenance for video in find(tmp_path, labels=labels).videos}
    assert found["e/a.mp4"] == Provenance(Label.FAKE)
    assert found["004.mp4"] == Provenance(Label.REAL, target="004")
    assert found["005.mp4"] == Provenance()


def test_the_layout_fills_in_what_the_csv_leaves_empty_if_the_labels_agree(write, find, tmp_path):
    folder = "v/manipulated_sequences/FaceSwap/c40/videos/"
    for name in ("001_002.mp4", "003_004.mp4"):
        write(folder + name)
    text = "path,label,donor\n001_002.mp4,fake,Ann\n003_004.mp4,real,\n"
    first, second = find(tmp_path / "v", labels=write("labels.csv", text)).videos
    assert first.provenance == Provenance(Label.FAKE, "FaceSwap", "001", "Ann")
    assert second.provenance == Provenance(Label.REAL)


def test_fakes_and_originals_of_faceforensics_can_be_joined(write, find, tmp_path):
    write("v/original_sequences/youtube/c23/videos/004.mp4")
    write("v/original_sequences/youtube/c23/videos/982.mp4")
    write("v/manipulated_sequences/NeuralTextures/c23/videos/004_982.mp4")
    fake, *real = (video.provenance for video in find(tmp_path / "v").videos)
    assert [p.target for p in real] == [fake.target, fake.donor]


def test_a_wrong_csv_is_told_before_any_file_is_read(write, find, tmp_path, hashed):
    write("v/a.mp4")
    with pytest.raises(LabelsError):
        find(tmp_path / "v", labels=write("labels.csv", "path,label\ngone.mp4,real\n"))
    assert hashed == []


def test_a_file_that_cannot_be_read_costs_itself_alone(write, find, tmp_path, monkeypatch):
    write("v/a.mp4")
    write("v/b.mp4")
    open_ = Path.open

    def refusing(path, *args, **kwargs):
        if path.name == "a.mp4":
            raise PermissionError(13, "Permission denied")
        return open_(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refusing)
    found = find(tmp_path / "v")
    assert [video.path for video in found.videos] == ["b.mp4"]
    (lost,) = found.unreadable
    assert (lost.path, lost.reason) == ("a.mp4", "Permission denied")
    assert lost.location == str(tmp_path / "v" / "a.mp4")


def test_videos_that_all_cannot_be_read_are_no_error_of_the_command(tmp_path, find):
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "gone.mp4").symlink_to("nowhere")
    found = find(tmp_path / "v")
    assert (found.videos, len(found.unreadable)) == ((), 1)


def test_no_videos_at_all_are_an_error_that_names_the_folder(write, find, tmp_path):
    write("v/a.txt")
    with pytest.raises(SourceError, match=r"no videos in .*/v \(1 other files\)") as caught:
        find(tmp_path / "v")
    assert caught.value.hint
    with pytest.raises(SourceError, match="no videos in no path at all"):
        find()


def test_every_file_is_in_one_of_the_four(write, find, tmp_path):
    for name in ("a.mp4", "b/b.mp4", "c.txt", ".d.mp4"):
        write("v/" + name, b"same")
    (tmp_path / "v" / "e.mp4").symlink_to("nowhere")
    found = find(tmp_path / "v")
    counts = len(found.videos), len(found.duplicates), len(found.unreadable), found.skipped
    assert counts == (1, 1, 1, 2)


def test_the_same_relative_path_in_two_folders_may_be_two_videos(write, find, tmp_path):
    write("v/a.mp4")
    write("w/a.mp4")
    assert [v.path for v in find(tmp_path / "v", tmp_path / "w").videos] == ["a.mp4", "a.mp4"]


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the file system takes UTF-8 only")
def test_all_but_the_location_can_be_written_in_utf8(write, find, tmp_path):
    write("v/a.mp4").rename(os.fsdecode(os.fsencode(tmp_path) + b"/v/\xff\n.mp4"))
    (video,) = find(tmp_path / "v").videos
    record = asdict(video)
    assert str(tmp_path) in record.pop("location")
    assert str(tmp_path) not in str(record)
    assert video.path.encode() == b"\\xff\n.mp4"
