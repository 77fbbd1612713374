import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from deepfake_dataset.commands import extract as extracting
from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.commands.sheet import draw_sheet
from deepfake_dataset.commands.status import read_errors, read_status
from deepfake_dataset.dataset.catalog.index import Count
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.schema import json_schema, to_row
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.errors import (
    DatasetBusyError,
    SettingsError,
    SourceError,
    TimeLimitError,
    UsageError,
)
from deepfake_dataset.faces import model_files
from deepfake_dataset.records import Cause, Label, Provenance, Status, Video
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources import known_files
from deepfake_dataset.storage.lease import file_lease

from ..conftest import run_by


@pytest.fixture
def videos(tmp_path: Path, face_video: Path, plain_video: Path) -> Path:
    """A folder with a real video that shows a face and a fake one that does not."""
    for source, name in ((face_video, "real/ann.mp4"), (plain_video, "fake/wall.mp4")):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tmp_path / "videos" / name)
    return tmp_path / "videos"


@pytest.fixture
def small(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with three videos of a few frames, without faces."""
    for seed, name in enumerate(("real/a.mp4", "real/b.mp4", "c.mp4")):
        make_video(tmp_path / "small" / name, 3, seed=seed)
    return tmp_path / "small"


@pytest.fixture
def extract(ds: Path, in_process: list[str]) -> Callable[..., Any]:
    """Extract into the test's dataset, without processes."""

    def run(*paths: Path, **how: Any) -> Any:
        in_process.clear()
        return extract_faces(paths, ds, **how)

    return run


def by_path(ds: Path) -> dict[str, Video]:
    return {video.path: video for video in Dataset.open(ds).videos()}


# What a run makes


def test_a_run_makes_records_and_crops(videos, ds, extract):
    summary = extract(videos, faces_per_scene=5)
    ann, wall = by_path(ds)["real/ann.mp4"], by_path(ds)["fake/wall.mp4"]
    assert (summary.found, summary.done.videos, summary.known) == (2, 2, 0)
    assert ann.video_id == hashlib.sha256((videos / "real/ann.mp4").read_bytes()).hexdigest()[:16]
    assert (ann.status, ann.provenance.label, wall.provenance.label) == ("ok", "real", "fake")
    assert [scene.cause for scene in ann.scenes] == [Cause.START, Cause.ANGLE]
    assert ann.scenes[1].start_frame == 15
    assert len(ann.faces) >= 6
    assert (wall.status, wall.faces) == (Status.OK, ())
    assert wall.misses


def test_crops_are_the_pictures_that_the_record_says(videos, ds, extract):
    extract(videos, faces_per_scene=3, size_px=64)
    dataset = Dataset.open(ds)
    for video in dataset.videos():
        for face in video.faces:
            path = dataset.face_path(video.video_id, face.face_id)
            assert hashlib.sha256(path.read_bytes()).hexdigest() == face.sha256
            with Image.open(path) as crop:
                assert (crop.size, crop.mode, crop.format) == ((64, 64), "RGB", "PNG")
    named = {f"{face.face_id}.png" for video in dataset.videos() for face in video.faces}
    assert {path.name for path in (dataset.root / "faces").rglob("*.png")} == named


def test_counts_reconcile(videos, ds, extract):
    extract(videos, faces_per_scene=5)
    for video in by_path(ds).values():
        sampled = {face.frame for face in video.faces} | {miss.frame for miss in video.misses}
        assert sum(scene.sampled for scene in video.scenes) == len(sampled)
        assert sum(scene.faces for scene in video.scenes) == len(video.faces)
        assert not {face.frame for face in video.faces} & {miss.frame for miss in video.misses}
        ends = [scene.end_frame for scene in video.scenes]
        assert [scene.start_frame for scene in video.scenes] == [0, *ends[:-1]]
        assert ends[-1] == video.stream.frames
    totals = read_status(ds)
    assert sum(cell.videos for cell in totals.cells) == totals.videos == 2
    assert totals.faces == len(list((ds / "faces").rglob("*.png")))


def test_a_real_record_validates_against_its_schema(videos, ds, extract):
    extract(videos, faces_per_scene=2)
    for video in by_path(ds).values():
        jsonschema.validate(to_row(video), json_schema(Video))


def test_a_record_names_no_place_on_this_machine(videos, ds, extract):
    extract(videos, faces_per_scene=2)
    for video in by_path(ds).values():
        assert str(videos.parent) not in str(to_row(video))


def test_without_its_models_it_says_what_to_install_and_loses_nothing(
    small, ds, extract, in_process, monkeypatch
):
    model_files.model_file.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(model_files, "find_spec", lambda _: None)
        with pytest.raises(UsageError, match="model file") as raised:
            extract(small)
    assert raised.value.hint.startswith("pip install ")
    assert in_process == []
    extract(small)
    assert len(in_process) == 3


def test_progress_is_told_after_every_video(small, extract):
    (small / "gone.mp4").symlink_to("nowhere")
    told: list[Any] = []
    extract(small, on_progress=told.append)
    assert [(p.done, p.to_do) for p in told] == [(n, 4) for n in range(5)]
    assert told[0].video is None
    assert [p.video.path for p in told[1:]] == ["gone.mp4", "c.mp4", "real/a.mp4", "real/b.mp4"]


# A second run


def test_a_second_run_does_nothing(small, ds, extract, in_process, contents, monkeypatch):
    first = extract(small)
    before = contents(ds)
    run_by(monkeypatch, extracting, lambda *_, **__: pytest.fail("a process"))
    second = extract(small)
    assert in_process == []
    assert (second.known, second.done.videos, second.all) == (3, 0, first.all)
    assert contents(ds) == before


def test_other_settings_do_every_video_again(small, ds, extract, in_process):
    extract(small)
    keys = {video.settings_key for video in by_path(ds).values()}
    extract(small, size_px=64)
    assert len(in_process) == 3
    assert {video.settings_key for video in by_path(ds).values()}.isdisjoint(keys)


def test_settings_of_the_run_do_nothing_again(small, extract, in_process):
    extract(small)
    extract(small, workers=1, time_limit_s=60.0, memory_limit_mb=2000)
    assert in_process == []


def test_settings_given_are_kept_and_comments_too(small, ds, extract, in_process):
    extract(small, size_px=64)
    with (ds / "dsbuild.toml").open("a") as file:
        file.write("# ours\n")
    extract(small, margin=2.0)
    settings = Dataset.open(ds).settings.extract
    assert (settings.size_px, settings.margin) == (64, 2.0)
    assert (ds / "dsbuild.toml").read_text().endswith("# ours\n")
    extract(small)
    assert in_process == []


def test_settings_out_of_range_change_nothing(small, ds, extract, contents):
    extract(small)
    before = contents(ds)
    with pytest.raises(SettingsError, match="size_px = 1"):
        extract(small, size_px=1)
    assert contents(ds) == before
    with pytest.raises(TypeError, match="no such setting: sise"):
        extract(small, sise=1)


def test_settings_of_a_run_that_is_turned_away_are_not_kept(small, ds, extract):
    extract(small)
    with file_lease(ds), pytest.raises(DatasetBusyError):
        extract(small, size_px=64)
    assert Dataset.open(ds).settings == Settings()


def test_changed_bytes_are_done_alone(small, ds, extract, in_process, make_video):
    extract(small)
    make_video(small / "c.mp4", 4, seed=9)
    extract(small)
    assert in_process == ["c.mp4"]
    assert Dataset.open(ds).read(_id(small / "c.mp4")).stream.frames == 4


def test_a_renamed_file_is_the_same_video(small, ds, extract, in_process):
    extract(small)
    (small / "c.mp4").rename(small / "d.mp4")
    summary = extract(small)
    assert in_process == []
    assert (summary.known, summary.all.videos) == (3, 3)


def test_a_video_that_is_not_named_again_stays(small, ds, extract):
    extract(small)
    assert extract(small / "c.mp4").all.videos == 3


def test_a_run_over_known_videos_opens_no_record(small, extract, monkeypatch):
    extract(small)
    extract(small)
    monkeypatch.setattr(Dataset, "read", lambda *_: pytest.fail("a record was opened"))
    assert extract(small).known == 3


def test_files_are_hashed_again_only_if_asked(small, extract, monkeypatch):
    hashed = []
    digest = hashlib.file_digest
    now = known_files.time.time_ns
    monkeypatch.setattr(known_files.time, "time_ns", lambda: now() + 10**10)
    monkeypatch.setattr(
        known_files.hashlib, "file_digest", lambda f, a: hashed.append(f.name) or digest(f, a)
    )
    for how, times in (({}, 3), ({}, 3), ({"verify": True}, 6)):
        extract(small, **how)
        assert len(hashed) == times


def _id(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


# Labels


def test_a_new_label_rewrites_the_record_and_leaves_the_crops(
    videos, ds, extract, in_process, contents, tmp_path
):
    extract(videos, faces_per_scene=2)
    before = contents(ds)
    crops = {path: path.stat() for path in (ds / "faces").rglob("*")}
    (tmp_path / "labels.csv").write_text("path,label,method\nann.mp4,fake,FaceSwap\n")
    summary = extract(videos, labels=tmp_path / "labels.csv")
    ann = by_path(ds)["real/ann.mp4"]
    assert (summary.relabelled, summary.known, in_process) == (1, 2, [])
    assert ann.provenance == Provenance(Label.FAKE, "FaceSwap")
    assert {path: path.stat() for path in (ds / "faces").rglob("*")} == crops
    changed = {name for name, data in contents(ds).items() if before[name] != data}
    assert changed == {f"videos/{ann.video_id}.parquet"}
    assert extract(videos, labels=tmp_path / "labels.csv").relabelled == 0


def test_knowing_less_takes_nothing_away(small, ds, extract, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label,target\na.mp4,real,Ann\n")
    extract(small, labels=tmp_path / "labels.csv")
    (small / "real").rename(small / "people")
    assert extract(small).relabelled == 0
    known = {path: video.provenance for path, video in by_path(ds).items()}
    assert known["people/a.mp4"] == Provenance(Label.REAL, target="Ann")
    assert known["c.mp4"] == Provenance()


def test_knowing_less_takes_nothing_away_when_a_video_is_done_again(small, ds, extract):
    extract(small)
    (small / "real").rename(small / "people")
    extract(small, size_px=64)
    labels = {video.path: video.provenance.label for video in by_path(ds).values()}
    assert labels == {"people/a.mp4": "real", "people/b.mp4": "real", "c.mp4": "unknown"}


def test_knowing_more_adds_to_what_is_known(small, ds, extract, tmp_path):
    for row in ("path,label,target\na.mp4,real,Ann\n", "path,label,donor\na.mp4,real,Bob\n"):
        (tmp_path / "labels.csv").write_text(row)
        extract(small, labels=tmp_path / "labels.csv")
    assert by_path(ds)["real/a.mp4"].provenance == Provenance(Label.REAL, "", "Ann", "Bob")


def test_another_label_lets_go_of_what_belonged_to_the_old_one(small, ds, extract, tmp_path):
    for row in ("path,label,method\na.mp4,fake,FaceSwap\n", "path,label\na.mp4,real\n"):
        (tmp_path / "labels.csv").write_text(row)
        extract(small, labels=tmp_path / "labels.csv")
    assert by_path(ds)["real/a.mp4"].provenance == Provenance(Label.REAL)


def test_the_same_bytes_with_two_labels_are_an_error_that_names_both(small, ds, extract):
    (small / "fake").mkdir()
    shutil.copyfile(small / "real/a.mp4", small / "fake/z.mp4")
    with pytest.raises(SourceError) as caught:
        extract(small)
    assert str(small / "real/a.mp4") in str(caught.value)
    assert str(small / "fake/z.mp4") in str(caught.value)
    assert read_status(ds).videos == 0


def test_duplicates_are_counted_and_done_once(small, extract, in_process):
    shutil.copyfile(small / "real/a.mp4", small / "real/again.mp4")
    summary = extract(small)
    assert (summary.found, summary.duplicates, summary.done.videos) == (3, 1, 3)
    assert in_process == ["c.mp4", "real/a.mp4", "real/b.mp4"]


# Videos that fail


def test_a_failed_video_is_left_alone_until_it_is_to_be_tried_again(small, ds, extract, in_process):
    (small / "real/notes.mp4").write_text("not a video at all")
    assert extract(small).done.errors == (Count("not-a-video", 1),)
    assert extract(small).known == 4
    assert in_process == []
    extract(small, retry=True)
    assert in_process == ["real/notes.mp4"]
    (failed,) = read_errors(ds)
    assert (failed.path, failed.error, failed.status) == ("real/notes.mp4", "not-a-video", "failed")


def test_a_video_that_its_process_loses_has_a_record_that_says_so(small, ds, extract, monkeypatch):
    def slow(_: object, jobs: list[Any], **__: object) -> Any:
        yield from (Outcome(job, None, TimeLimitError("not done after 1 s")) for job in jobs)

    run_by(monkeypatch, extracting, slow)
    summary = extract(small)
    assert summary.done.errors == (Count("time-limit", 3),)
    a = by_path(ds)["real/a.mp4"]
    assert (a.status, a.message, a.provenance.label) == ("failed", "not done after 1 s", "real")


def test_refused_videos_have_a_record_that_says_why(small, ds, extract, in_process):
    extract(small, min_width=100, min_height=50)
    assert {(b.status, b.error, b.message) for b in read_errors(ds)} == {
        ("refused", "too-small", "64×48 pixels, less than 100×50")
    }
    extract(small, min_width=0, min_height=0, min_duration_s=1.0)
    assert {(b.status, b.error, b.message) for b in read_errors(ds)} == {
        ("refused", "too-short", "0.12 s long, less than 1 s")
    }
    extract(small, retry=True)
    assert in_process == []
    extract(small, min_duration_s=0.0)
    assert read_errors(ds) == []


def test_a_file_that_cannot_be_read_has_a_record_until_it_can_be(
    small, ds, extract, in_process, make_video
):
    (small / "late.mp4").symlink_to("../elsewhere.mp4")
    first = extract(small)
    (lost,) = read_errors(ds)
    assert (lost.path, lost.error, lost.status) == ("late.mp4", "unreadable", "failed")
    assert (first.found, first.done.videos, first.known, first.all.videos) == (4, 4, 0, 4)
    second = extract(small)
    assert (second.found, second.done.videos, second.known, second.all.videos) == (4, 1, 3, 4)
    make_video(small.parent / "elsewhere.mp4", 3, seed=7)
    assert extract(small).all.videos == 4
    assert in_process == ["late.mp4"]
    assert read_errors(ds) == []


def test_files_of_one_name_that_cannot_be_read_have_a_record_each(tmp_path, ds, extract):
    for name in ("v", "w"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mp4").symlink_to("nowhere")
    summary = extract(tmp_path / "v", tmp_path / "w")
    assert (summary.found, summary.done.videos, summary.all.videos) == (2, 2, 2)
    assert extract(tmp_path / "v", tmp_path / "w").all.videos == 2


# Order, workers, interruption


def test_bytes_do_not_depend_on_workers_or_the_order_of_arguments(videos, tmp_path, contents):
    named = [videos / "real", videos / "fake", videos / "real" / "ann.mp4"]
    for workers, paths in ((1, named), (2, named[::-1])):
        root = tmp_path / str(workers)
        extract_faces(paths, root, workers=workers, faces_per_scene=4)
        settings = Dataset.open(root).settings
        assert settings.run.workers == workers
        (root / "dsbuild.toml").unlink()
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(contents(tmp_path / "1")) > 6


def test_an_interrupted_run_keeps_what_is_committed_and_goes_on(
    videos, ds, extract, in_process, contents, tmp_path
):
    half_made = ds / "faces" / ".partial-0123456789abcdef"

    def interrupt(progress: Any) -> None:
        if progress.done == 1:
            half_made.mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(videos, faces_per_scene=3, on_progress=interrupt)
    assert list(by_path(ds)) == ["fake/wall.mp4"]
    assert not half_made.exists()
    with file_lease(ds):
        pass
    extract(videos)
    assert in_process == ["real/ann.mp4"]
    extract_faces([videos], tmp_path / "calm", faces_per_scene=3)
    assert contents(ds) == contents(tmp_path / "calm")


def test_what_a_killed_run_left_is_cleared_away(small, ds, extract, contents, tmp_path):
    extract(small)
    before = contents(ds)
    left = ds / "faces" / f".partial-{'0' * 16}"
    left.mkdir(parents=True)
    (left / "half.png").touch()
    extract(small)
    assert contents(ds) == before
    assert not left.exists()


# Reading back


@pytest.mark.parametrize("command", [read_status, read_errors, lambda ds: draw_sheet("a", ds)])
def test_a_folder_that_is_no_dataset_is_told(command, tmp_path):
    with pytest.raises(UsageError, match="is not a dataset"):
        command(tmp_path)


def test_errors_come_by_path(small, ds, extract):
    for name in ("z.mp4", "b.mp4", "real/n.mp4"):
        (small / name).write_text(f"not a video: {name}")
    extract(small)
    assert [brief.path for brief in read_errors(ds)] == ["b.mp4", "real/n.mp4", "z.mp4"]


def test_a_turned_video_is_recorded_as_it_is_shown(tmp_path, ds, extract, make_video):
    extract(make_video(tmp_path / "v.mp4", 3, rotation=90))
    (video,) = by_path(ds).values()
    assert (video.stream.rotation, video.stream.width, video.stream.height) == (90, 48, 64)


@pytest.fixture
def drawn(videos: Path, ds: Path, extract: Callable[..., Any]) -> Path:
    """A dataset with a few faces."""
    extract(videos, faces_per_scene=3, size_px=64)
    return ds


def test_a_sheet_is_drawn_by_id_by_path_by_the_end_of_a_path_and_by_file(drawn, videos):
    ann = by_path(drawn)["real/ann.mp4"]
    target = drawn / "reports" / f"{ann.video_id}.png"
    for name in (ann.video_id, "real/ann.mp4", "ann.mp4", str(videos / "real/ann.mp4")):
        assert draw_sheet(name, drawn) == target
        with Image.open(target) as picture:
            assert picture.format == "PNG"
        target.unlink()


def test_a_sheet_named_by_its_file_shows_frames_and_one_whose_source_is_gone_crops_only(
    drawn, videos, tmp_path
):
    with_frames = draw_sheet(str(videos / "real/ann.mp4"), drawn, tmp_path / "with.png")
    shutil.rmtree(videos)
    without = draw_sheet("real/ann.mp4", drawn, tmp_path / "without.png")
    heights = []
    for path in (with_frames, without):
        with Image.open(path) as picture:
            heights.append(picture.height)
    assert heights[0] > heights[1] > 0


def test_a_sheet_of_a_video_without_faces_and_of_a_failed_one_can_be_drawn(drawn, videos, extract):
    (videos / "notes.mp4").write_text("not a video")
    extract(videos)
    for name in ("wall.mp4", "notes.mp4"):
        with Image.open(draw_sheet(name, drawn)) as picture:
            assert picture.format == "PNG"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sheet.jpeg", "JPEG"), ("sheet.jpg", "JPEG"), ("s.png", "PNG"), ("s", "PNG")],
)
def test_a_sheet_goes_where_it_is_told_whatever_the_name(name, kind, drawn, tmp_path):
    target = draw_sheet("ann.mp4", drawn, tmp_path / "new folder" / name)
    with Image.open(target) as picture:
        assert picture.format == kind


def test_a_name_that_fits_several_videos_lists_them(small, ds, extract):
    shutil.copytree(small / "real", small / "more")
    with (small / "more" / "a.mp4").open("ab") as file:
        file.write(b"\0")
    extract(small)
    with pytest.raises(
        UsageError, match=r"a\.mp4 fits 2 videos: more/a\.mp4, real/a\.mp4"
    ) as caught:
        draw_sheet("a.mp4", ds)
    assert "more of the path" in caught.value.hint


def test_an_unknown_name_is_told_with_the_nearest_one(drawn):
    with pytest.raises(UsageError, match=r"has no video real/anne\.mp4") as caught:
        draw_sheet("real/anne.mp4", drawn)
    assert caught.value.hint == "did you mean real/ann.mp4?"
    with pytest.raises(UsageError, match="has no video 12345") as caught:
        draw_sheet("12345", drawn)
    assert "dsbuild extract" in caught.value.hint


def test_a_file_that_was_never_extracted_is_told(drawn, small):
    with pytest.raises(UsageError, match="has no video"):
        draw_sheet(str(small / "c.mp4"), drawn)


def test_a_missing_crop_is_told_with_what_to_do(drawn):
    crop = next((drawn / "faces").rglob("*.png"))
    crop.unlink()
    with pytest.raises(UsageError, match=crop.name) as caught:
        draw_sheet("ann.mp4", drawn)
    assert "extract again" in caught.value.hint
