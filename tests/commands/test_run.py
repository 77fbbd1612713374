import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepfake_dataset.commands import extract as extracting
from deepfake_dataset.commands import follow_up
from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.commands.follow_up import Result
from deepfake_dataset.commands.prune import prune_dataset
from deepfake_dataset.commands.retry import retry_failed
from deepfake_dataset.commands.run import run_unattended
from deepfake_dataset.commands.status import Upkeep, read_errors, read_status, read_upkeep
from deepfake_dataset.dataset.catalog import attempts
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.errors import (
    ChangedError,
    CrashedError,
    DatasetBusyError,
    DatasetWriteError,
    SourceError,
    SplitError,
    UsageError,
)

from ..conftest import run_by


@pytest.fixture
def videos(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with two videos of a few frames, long at rest."""
    for seed, name in enumerate(("real/a.mp4", "b.mp4")):
        at_rest(make_video(tmp_path / "videos" / name, 3, seed=seed))
    return tmp_path / "videos"


@pytest.fixture
def run(ds: Path, in_process: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run into the test's dataset, without processes and without what depends on the faces."""
    monkeypatch.setattr(follow_up, "follow_up", lambda *_, **__: ())
    monkeypatch.setattr("deepfake_dataset.commands.run.follow_up", lambda *_, **__: ())

    def go(*paths: Path, **how: Any) -> Any:
        in_process.clear()
        return run_unattended(paths, ds, **how)

    return go


def at_rest(path: Path) -> Path:
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    return path


def log(ds: Path) -> str:
    return (ds / "logs" / "run.log").read_text()


def gauges(file: Path) -> dict[str, float]:
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return {line.split("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


# What is new


def test_what_is_new_is_taken_in_and_the_rest_costs_nothing(videos, run, in_process, make_video):
    assert run(videos).extraction.done.videos == 2
    assert (run(videos).extraction.done.videos, in_process) == (0, [])
    at_rest(make_video(videos / "c.mp4", 3, seed=9))
    assert (run(videos).extraction.done.videos, in_process) == (1, ["c.mp4"])


def test_a_folder_that_is_still_empty_is_well_and_one_that_is_not_there_is_not(tmp_path, run, ds):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        run(tmp_path / "missing")
    assert not ds.exists()
    summary = run(tmp_path / "empty")
    assert (summary.exit_code, summary.extraction.found) == (0, 0)


def test_a_file_still_being_written_is_left_for_next_time(videos, run, make_video):
    make_video(videos / "c.mp4", 3, seed=9)
    summary = run(videos)
    assert (summary.extraction.done.videos, summary.extraction.unsettled) == (2, 1)
    at_rest(videos / "c.mp4")
    assert run(videos).extraction.done.videos == 1


def test_a_file_written_to_while_it_is_read_gets_no_record(
    videos, run, in_process, monkeypatch, ds
):
    def grow(function: Any, items: Any, **_: Any) -> Any:
        for item in items:
            with Path(item.file.location).open("ab") as file:
                file.write(b"more")
            try:
                yield Outcome(item, function(item), None)
            except ChangedError as fault:
                yield Outcome(item, None, fault)

    run_by(monkeypatch, extracting, grow)
    summary = run(videos)
    assert summary.extraction.unsettled == 2
    assert summary.exit_code == 0
    assert Dataset.open(ds).video_ids() == []
    assert list((ds / "faces").iterdir()) == []


# Files that move


def test_a_renamed_file_keeps_its_faces_and_takes_its_new_name(videos, run, in_process, ds):
    run(videos)
    (videos / "b.mp4").rename(videos / "real" / "z.mp4")
    summary = run(videos)
    assert (summary.extraction.renamed, summary.extraction.done.videos) == (1, 0)
    assert {video.path for video in Dataset.open(ds).videos()} == {"real/a.mp4", "real/z.mp4"}
    assert read_upkeep(ds) == Upkeep(in_place=1, renamed=1, replaced=0, gone=0, given_up=0)


def test_replaced_and_deleted_files_are_counted_and_nothing_is_forgotten(
    videos, run, ds, make_video
):
    run(videos)
    at_rest(make_video(videos / "b.mp4", 3, seed=7))
    (videos / "real" / "a.mp4").unlink()
    extraction = run(videos).extraction
    assert (extraction.replaced, extraction.gone, extraction.done.videos) == (1, 1, 1)
    assert read_status(ds).videos == 3
    assert read_upkeep(ds) == Upkeep(in_place=1, renamed=0, replaced=1, gone=1, given_up=0)
    again = run(videos).extraction
    assert (again.replaced, again.gone) == (0, 0)


def test_pruning_lists_first_and_takes_out_only_what_is_gone_or_replaced(
    videos, run, ds, make_video
):
    run(videos)
    make_video(videos / "b.mp4", 3, seed=7)
    (videos / "real" / "a.mp4").unlink()
    run(videos, settle_s=0)
    listed = prune_dataset(ds)
    assert [(v.path, v.fate) for v in listed.videos] == [
        ("b.mp4", "replaced"),
        ("real/a.mp4", "gone"),
    ]
    assert (listed.kept, listed.done, read_status(ds).videos) == (1, False, 3)
    assert prune_dataset(ds, really=True).videos == listed.videos
    assert [video.path for video in Dataset.open(ds).videos()] == ["b.mp4"]
    assert read_upkeep(ds) == Upkeep(in_place=1, renamed=0, replaced=0, gone=0, given_up=0)
    assert prune_dataset(ds, really=True).videos == ()


def test_pruning_looks_again_before_it_takes_anything(videos, run, ds, tmp_path):
    run(videos)
    (videos / "b.mp4").rename(tmp_path / "away.mp4")
    run(videos)
    (tmp_path / "away.mp4").rename(videos / "b.mp4")
    assert prune_dataset(ds, really=True).videos == ()


def test_an_unreadable_file_that_is_deleted_leaves_no_record(videos, run, ds):
    (videos / "lost.mp4").symlink_to("nowhere")
    assert run(videos).failed == 1
    (videos / "lost.mp4").unlink()
    run(videos)
    assert read_errors(ds) == []


# Videos that fail


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every process crashes; gives the videos that were tried."""
    tried: list[str] = []

    def crash(_: object, items: Any, **__: object) -> Any:
        for item in items:
            tried.append(item.file.path)
            yield Outcome(item, None, CrashedError("signal 11"))

    run_by(monkeypatch, extracting, crash)
    return tried


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let hours pass."""
    ahead = [0.0]
    now = time.time
    monkeypatch.setattr(attempts.time, "time", lambda: now() + ahead[0])

    def let_pass(number: float) -> None:
        ahead[0] += number * 3600

    return let_pass


def test_a_video_that_fails_is_tried_in_three_runs_and_told_once(videos, run, ds, crashing, hours):
    told: list[str] = []
    codes = []
    for _ in range(8):
        codes.append(run(videos, on_progress=lambda video: told.append(video.path)).exit_code)
        hours(1)
    assert codes == [2, 2, 0, 2, 0, 0, 0, 0]
    assert len(crashing) == 3 * 2
    assert sorted(told) == ["b.mp4", "real/a.mp4"]
    assert read_upkeep(ds).given_up == 2
    assert log(ds).count(" failed ") == 6


def test_a_run_right_after_does_not_try_again(videos, run, crashing):
    run(videos)
    assert (run(videos).exit_code, len(crashing)) == (0, 2)


def test_an_unreadable_file_is_given_up_like_any_other(videos, run, ds, hours):
    (videos / "lost.mp4").symlink_to("nowhere")
    codes = []
    for _ in range(6):
        codes.append(run(videos).exit_code)
        hours(1)
    assert codes == [2, 2, 0, 2, 0, 0]
    assert read_upkeep(ds).given_up == 1
    assert read_status(ds).videos == 3


def test_failing_again_is_counted(videos, run, crashing, hours):
    assert run(videos).extraction.failed_again == 0
    hours(1)
    summary = run(videos)
    extraction = summary.extraction
    assert (summary.failed, extraction.failed_again, extraction.given_up) == (2, 2, 0)


def test_retry_does_what_was_given_up(videos, run, ds, hours, in_process, monkeypatch):
    with monkeypatch.context() as patch:
        run_by(patch, extracting, crash_all)
        for _ in range(4):
            run(videos)
            hours(3)
    assert read_upkeep(ds).given_up == 2
    before = {brief.video_id: brief for brief in read_errors(ds)}
    retried = retry_failed(ds)
    assert (retried.failed, retried.done.videos, retried.elsewhere) == (2, 2, 0)
    assert (retried.exit_code, read_errors(ds), read_upkeep(ds).given_up) == (0, [], 0)
    for video in Dataset.open(ds).videos():
        old = before[video.video_id]
        assert (video.path, video.provenance) == (old.path, old.provenance)


def crash_all(_: object, items: Any, **__: object) -> Any:
    yield from (Outcome(item, None, CrashedError("signal 11")) for item in items)


def test_retry_takes_only_the_codes_asked_for(videos, run, ds, in_process):
    at_rest(write(videos / "empty.mp4", b""))
    at_rest(write(videos / "junk.mp4", b"junk"))
    run(videos)
    in_process.clear()
    assert retry_failed(ds, codes=["empty-file"]).failed == 1
    assert in_process == ["empty.mp4"]
    with pytest.raises(UsageError, match="no error code empty") as caught:
        retry_failed(ds, codes=["empty"])
    assert "empty-file" in caught.value.hint


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_retry_leaves_files_that_are_elsewhere_to_the_next_run(videos, run, ds, in_process):
    at_rest(write(videos / "empty.mp4", b""))
    at_rest(write(videos / "junk.mp4", b"junk"))
    run(videos)
    (videos / "junk.mp4").write_bytes(b"other")
    (videos / "empty.mp4").unlink()
    in_process.clear()
    retried = retry_failed(ds)
    assert (retried.failed, retried.done.videos, retried.elsewhere) == (2, 0, 2)
    assert in_process == []


def test_extract_counts_as_well_but_does_not_wait(videos, ds, in_process):
    at_rest(write(videos / "junk.mp4", b"junk"))
    for _ in range(3):
        extract_faces([videos], ds, retry=True)
    assert read_upkeep(ds).given_up == 1
    in_process.clear()
    extract_faces([videos], ds, retry=True)
    assert in_process == ["junk.mp4"]


# Faults of ours


def test_a_fault_of_ours_ends_the_run_and_stands_in_log_and_metrics(
    videos, run, ds, tmp_path, monkeypatch
):
    def full(*_: object, **__: object) -> Any:
        raise DatasetWriteError("cannot write: no space left", "free some space")
        yield

    run_by(monkeypatch, extracting, full)
    with pytest.raises(DatasetWriteError):
        run(videos, metrics=tmp_path / "m.prom")
    assert "stopped error=DatasetWriteError" in log(ds)
    assert "free some space" in log(ds)
    assert gauges(tmp_path / "m.prom")["dsbuild_run_exit_code"] == 1


def test_another_run_is_refused_and_touches_neither_log_nor_metrics(videos, run, ds, tmp_path):
    run(videos, metrics=tmp_path / "m.prom")
    before = log(ds), (tmp_path / "m.prom").read_bytes()
    lock = os.open(ds / ".lock", os.O_RDONLY)
    try:
        import fcntl

        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatasetBusyError):
            run(videos, metrics=tmp_path / "m.prom")
    finally:
        os.close(lock)
    assert (log(ds), (tmp_path / "m.prom").read_bytes()) == before


# Ending when asked


def test_asked_to_end_it_finishes_what_is_in_hand_and_leaves_the_rest(
    videos, run, ds, in_process, monkeypatch
):
    done: list[str] = []

    def ask_in_the_middle(function: Any, items: Any, **_: Any) -> Any:
        for item in items:
            signal.raise_signal(signal.SIGTERM)
            done.append(item.file.path)
            yield Outcome(item, function(item), None)

    run_by(monkeypatch, extracting, ask_in_the_middle)
    summary = run(videos)
    assert (summary.exit_code, summary.asked_to_end) == (130, True)
    assert (summary.extraction.done.videos, summary.extraction.left) == (1, 1)
    assert len(Dataset.open(ds).video_ids()) == len(done) == 1
    assert "left=1" in log(ds)
    monkeypatch.undo()


# What is told


def test_the_log_has_a_line_for_each_event(videos, run, ds):
    at_rest(write(videos / "junk.mp4", b"junk"))
    run(videos)
    events = [line.split()[1] for line in log(ds).splitlines()]
    assert events == ["began", "found", "done", "failed", "done", "ended"]


def test_the_log_may_be_json(videos, run, ds):
    run(videos, log_json=True)
    events = [json.loads(line) for line in (ds / "logs" / "run.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["began", "found", "done", "done", "ended"]
    assert events[-1]["done"] == 2


def test_metrics_count_what_the_dataset_holds(videos, run, ds, tmp_path):
    at_rest(write(videos / "junk.mp4", b"junk"))
    run(videos, metrics=tmp_path / "m.prom")
    found = gauges(tmp_path / "m.prom")
    assert found["dsbuild_run_exit_code"] == 2
    assert found["dsbuild_run_videos"] == 3
    assert found["dsbuild_run_failed"] == 1
    assert found["dsbuild_disk_free_bytes"] > 0
    assert abs(found["dsbuild_run_end_time_seconds"] - time.time()) < 3600
    text = (tmp_path / "m.prom").read_text()
    assert f'dsbuild_videos{{dataset="{ds}",label="unknown",status="failed"}} 1.0' in text
    assert f'dsbuild_errors{{dataset="{ds}",error="not-a-video"}} 1.0' in text


# What depends on the faces


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Queue, split and train only note that they were called."""
    called: list[str] = []

    def noting(name: str) -> Callable[[Path], str]:
        return lambda _: called.append(name) or ""

    for name in ("refresh", "split", "train"):
        monkeypatch.setattr(follow_up, f"_{name}", noting(name))
    return called


def test_each_step_is_done_when_its_inputs_have_changed_and_only_then(
    videos, ds, in_process, made, make_video
):
    def results() -> list[str]:
        return [str(step.result) for step in run_unattended([videos], ds, split=True).steps]

    assert results() == ["done", "done"]
    assert results() == ["current", "current"]
    at_rest(make_video(videos / "c.mp4", 3, seed=9))
    assert results() == ["done", "done"]
    (ds / "review").mkdir()
    (ds / "review" / "decisions.csv").write_text("somebody decided")
    assert results() == ["done", "done"]
    assert results() == ["current", "current"]
    assert made == ["refresh", "split"] * 3


def test_a_training_depends_on_the_manifests_alone(videos, ds, in_process, made, make_video):
    def trained() -> Result:
        return run_unattended([videos], ds, split=True, train=True).steps[-1].result

    assert trained() is Result.DONE
    at_rest(make_video(videos / "c.mp4", 3, seed=9))
    assert trained() is Result.CURRENT
    (ds / "manifests").mkdir()
    (ds / "manifests" / "train.csv").write_text("path,label\n")
    assert trained() is Result.DONE


def test_what_an_earlier_version_made_is_current_for_this_one(dataset, record, commit):
    """Its notes are kept, so the bytes that they are hashes of may not change."""
    video_id = commit(dataset, record()).video_id
    (dataset.root / "videos" / ".DS_Store").touch()
    lines = b""
    for name, file in (
        (f"videos {video_id}.parquet", dataset.root / "videos" / f"{video_id}.parquet"),
        ("dsbuild.toml", dataset.root / "dsbuild.toml"),
    ):
        status = file.stat()
        lines += f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ino}\n".encode()
    queue = next(follow_up.tasks(split=False, train=False))
    state = follow_up._state_of(dataset.storage, queue.inputs)
    assert state == hashlib.sha256(lines).hexdigest()


def test_a_training_is_compared_with_the_last_one(ds, dataset, monkeypatch):
    def train(root: Path, *, audit: Callable[[Path], None]) -> Any:
        assert audit  # manifests that leak are not trained on at night either
        return SimpleNamespace(
            report=SimpleNamespace(
                per_video_by_mean=SimpleNamespace(auc=SimpleNamespace(value=0.75))
            )
        )

    monkeypatch.setattr("deepfake_dataset.commands.train_baseline.train_baseline", train)
    assert follow_up._train(dataset) == "AUC a video 0.750, none before"
    for name, value, age in (("best-1", 0.5, 100), ("best-2", 0.625, 10)):
        file = ds / "models" / name / "report.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"per_video_by_mean": {"auc": {"value": value}}}))
        os.utime(file, (time.time() - age, time.time() - age))
    assert follow_up._train(dataset) == "AUC a video 0.750, 0.625 before"


def test_a_run_that_was_killed_before_its_steps_makes_up_for_them(videos, ds, in_process, made):
    extract_faces([videos], ds)
    run_unattended([videos], ds, split=True)
    assert made == ["refresh", "split"]


def test_a_split_that_is_refused_is_told_once(
    videos, ds, in_process, made, monkeypatch, make_video
):
    def refuse(_: Path) -> str:
        made.append("refused")
        raise SplitError("one class only", "add fakes")

    monkeypatch.setattr(follow_up, "_split", refuse)

    def go() -> Any:
        return run_unattended([videos], ds, split=True, train=True)

    first, second = go(), go()
    assert [step.result for step in first.steps] == [Result.DONE, Result.FAILED]
    assert first.steps[1].message == "one class only"
    assert first.exit_code == 1
    assert [step.result for step in second.steps] == [Result.CURRENT, Result.STILL_FAILING]
    assert second.exit_code == 0
    at_rest(make_video(videos / "c.mp4", 3, seed=9))
    assert go().exit_code == 1
    assert made.count("refused") == 2
    assert "train" not in made


def test_queue_and_manifests_are_made_of_real_faces(
    face_video, plain_video, tmp_path, ds, in_process
):
    for name, source in (("real/a.mp4", face_video), ("fake/b.mp4", plain_video)):
        (tmp_path / "v" / name).parent.mkdir(parents=True)
        shutil.copyfile(source, tmp_path / "v" / name)
    first = run_unattended([tmp_path / "v"], ds, settle_s=0, split=True)
    assert [step.name for step in first.steps] == ["queue", "split"]
    assert first.steps[0].result is Result.DONE
    assert (ds / "review" / "queue.csv").exists()
    assert first.steps[1].result is Result.FAILED  # one class has no faces
    second = run_unattended([tmp_path / "v"], ds, settle_s=0, split=True)
    assert [step.result for step in second.steps] == [Result.CURRENT, Result.STILL_FAILING]
