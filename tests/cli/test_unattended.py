"""What cron does to a command: no terminal, no home, another folder, another disk."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deepfake_dataset.commands.follow_up import Result, Step
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.integrity import HINTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DSBUILD = [sys.executable, "-m", "deepfake_dataset"]


def at_rest(path: Path) -> Path:
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    return path


@pytest.fixture
def videos(tmp_path: Path, face_video: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with a video that shows a face and one that does not, at rest."""
    (tmp_path / "videos" / "real").mkdir(parents=True)
    at_rest(Path(shutil.copyfile(face_video, tmp_path / "videos" / "real" / "ann.mp4")))
    at_rest(make_video(tmp_path / "videos" / "wall.mp4", 3))
    return tmp_path / "videos"


@pytest.fixture(scope="session")
def expected(tmp_path_factory, face_video, make_video, contents) -> dict[str, bytes]:
    """The dataset that a run at a terminal makes of these videos, but for the log."""
    folder = tmp_path_factory.mktemp("expected")
    (folder / "videos" / "real").mkdir(parents=True)
    at_rest(Path(shutil.copyfile(face_video, folder / "videos" / "real" / "ann.mp4")))
    at_rest(make_video(folder / "videos" / "wall.mp4", 3))
    command = [*DSBUILD, "run", folder / "videos", "-d", folder / "ds"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return without_logs(contents(folder / "ds"))


def without_logs(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if not name.startswith("logs/")}


def bare(arguments: list[Any], cwd: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run as cron would: hardly any environment, no terminal, nothing to read."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*DSBUILD, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        **how,
    )


def test_cron_gets_the_same_bytes_and_one_line(videos, tmp_path, contents, expected):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = bare(["run", "../videos", "-d", "../ds"], elsewhere, umask=0o077)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("\n") == 1
    assert "2 done" in done.stderr
    assert without_logs(contents(tmp_path / "ds")) == expected
    assert list(elsewhere.iterdir()) == []
    for path in (tmp_path / "ds").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_names_that_are_not_ascii_are_no_matter_in_the_c_locale(videos, tmp_path, make_video):
    at_rest(make_video(videos / "café – ünï.mp4", 3, seed=4))
    at_rest(Path(shutil.copyfile(videos / "wall.mp4", videos / "junk – ü.mp4"))).write_bytes(b"x")
    at_rest(videos / "junk – ü.mp4")
    done = bare(["run", videos, "-d", tmp_path / "ds"], tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    paths = {video.path for video in Dataset.open(tmp_path / "ds").videos()}
    assert {"café – ünï.mp4", "junk – ü.mp4"} < paths


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    for place in ("/dev/shm", "/var/tmp", Path.home()):
        if Path(place).is_dir() and Path(place).stat().st_dev != tmp_path.stat().st_dev:
            folder = Path(tempfile.mkdtemp(dir=place))
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip("there is no other file system that this user may write to")


def test_a_dataset_on_another_file_system_than_the_temporary_folder(
    videos, other_disk, contents, expected, tmp_path
):
    done = bare(["run", videos, "-d", other_disk / "ds"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert without_logs(contents(other_disk / "ds")) == expected


def test_a_temporary_folder_that_is_full_or_missing_is_told_or_done_without(videos, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": "/nowhere", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*DSBUILD, "run", videos, "-d", tmp_path / "ds"],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr


def started(arguments: list[Any], ds: Path) -> "subprocess.Popen[str]":
    """A run in a session of its own, as far as its first video."""
    process = subprocess.Popen(
        [*DSBUILD, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    partial = ds / "faces"
    for _ in range(1200):
        if partial.is_dir() and any(partial.glob(".partial-*")):
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(process.communicate())


@pytest.fixture
def long_video(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """One that takes some seconds, and others behind it."""
    at_rest(make_video(tmp_path / "v" / "a.mp4", 300, width=640, height=360))
    for seed in range(1, 4):
        at_rest(make_video(tmp_path / "v" / f"b{seed}.mp4", 3, seed=seed))
    (tmp_path / "ds").mkdir()
    (tmp_path / "ds" / "dsbuild.toml").write_text("[run]\nworkers = 1\n")
    return tmp_path / "v"


def test_sigterm_to_the_whole_service_finishes_what_is_in_hand(long_video, tmp_path):
    ds = tmp_path / "ds"
    process = started(["run", long_video, "-d", ds], ds)
    os.killpg(process.pid, signal.SIGTERM)
    _, told = process.communicate()
    assert process.returncode == 130
    assert "1 done" in told
    assert "3 left for the next run" in told
    assert [video.path for video in Dataset.open(ds).videos()] == ["a.mp4"]
    assert not list(ds.rglob(".partial-*"))


def test_when_the_grace_is_over_the_run_ends_without_what_is_in_hand(long_video, tmp_path):
    ds = tmp_path / "ds"
    process = started(["run", long_video, "-d", ds, "--grace", "0"], ds)
    process.terminate()
    _, told = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in told
    assert Dataset.open(ds).video_ids() == []
    assert not list(ds.rglob(".partial-*"))


def test_readers_work_during_a_run_and_a_second_run_is_refused_or_waits(long_video, tmp_path):
    ds = tmp_path / "ds"
    process = started(["run", long_video, "-d", ds], ds)
    try:
        os.killpg(process.pid, signal.SIGSTOP)  # so that it is not done before it is asked
        refused = bare(["run", long_video, "-d", ds], tmp_path)
        assert refused.returncode == 75
        assert f"process {process.pid} since " in refused.stderr
        assert bare(["status", "-d", ds], tmp_path).returncode == 0
        os.killpg(process.pid, signal.SIGCONT)
        waited = bare(["run", long_video, "-d", ds, "--wait"], tmp_path)
        assert (waited.returncode, process.wait()) == (0, 0)
        assert "0 done" in waited.stderr
    finally:
        process.kill()
        process.communicate()


# Options


@pytest.mark.parametrize("text", ["", "s", "5d", "-1s", "nan", "inf", "1h30", "x"])
def test_a_time_that_is_none_is_told(text, dsbuild, videos, ds):
    ran = dsbuild("run", videos, "-d", ds, f"--settle={text}")
    assert ran.code == 1
    assert "--settle" in ran.err
    assert "90s, 5m or 1h" in ran.err


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200)])
def test_times_have_units(text, seconds):
    from deepfake_dataset.cli.unattended import _seconds

    assert _seconds("--settle", text) == seconds


@pytest.mark.usefixtures("in_process")
def test_every_command_tells_people_and_machines(videos, ds, dsbuild, monkeypatch):
    monkeypatch.setattr(
        "deepfake_dataset.commands.run.follow_up",
        lambda *_, **__: (
            Step("queue", Result.DONE),
            Step("split", Result.FAILED, "one class", "do"),
        ),
    )
    at_rest(Path(shutil.copyfile(videos / "wall.mp4", videos / "junk.mp4"))).write_bytes(b"junk")
    at_rest(videos / "junk.mp4")
    ran = dsbuild("run", videos, "-d", ds, "--json")
    assert (ran.code, ran.json["extraction"]["done"]["videos"]) == (1, 3)
    assert "junk.mp4: FFmpeg does not know" in ran.err
    assert "error: no split: one class\nhint: do\n" in ran.err
    (videos / "wall.mp4").unlink()
    dsbuild("run", videos, "-d", ds)
    assert "sources 2 in place; 1 gone" in dsbuild("status", "-d", ds).err
    assert dsbuild("status", "-d", ds, "--json").json["upkeep"]["gone"] == 1
    ran = dsbuild("retry", "-d", ds, "--json", "--code", "not-a-video")
    assert (ran.code, ran.json["failed"]) == (2, 1)
    assert "1 failed videos, 1 tried again, 0 of them well" in ran.err
    dsbuild("retry", "-d", ds)
    dsbuild("extract", videos, "-d", ds, "--retry")
    dsbuild("extract", videos, "-d", ds, "--retry")
    assert "given up after three runs" in dsbuild("errors", "-d", ds).err
    assert "1 given up" in dsbuild("status", "-d", ds).err
    ran = dsbuild("prune", "-d", ds, "--json")
    assert (ran.code, ran.json["done"], ran.json["videos"][0]["fate"]) == (0, False, "gone")
    assert "would be taken out with --yes" in ran.err
    assert "taken out, 2 videos stay" in dsbuild("prune", "-d", ds, "--yes").err
    (ds / "videos" / ".partial-x").touch()
    ran = dsbuild("verify", "-d", ds, "--json")
    assert (ran.code, [p["flaw"] for p in ran.json["left"]]) == (2, ["half-made"])
    assert HINTS["half-made"] in ran.err
    ran = dsbuild("verify", "-d", ds, "--repair")
    assert ran.code == 0
    assert "0 wrong, 1 mended" in ran.err


# Many files


def calls_made(function: Callable[[], object]) -> int:
    """Functions called, Python's and C's: a count that no other process disturbs."""
    count = 0

    def note(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_listing_twice_as_many_files_takes_twice_as_many_steps(tmp_path):
    from deepfake_dataset.sources.list_files import list_files

    counts = []
    for number in (500, 1000):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in range(number):
            (folder / f"{name:06d}.mp4").touch()
            (folder / f"{name:06d}.txt").touch()
        assert len(list_files([folder]).files) == number
        counts.append(calls_made(lambda folder=folder: list_files([folder])))
    assert counts[1] < 2.1 * counts[0]
    assert counts[1] < 50 * 1000


@pytest.mark.usefixtures("in_process")
def test_a_run_with_nothing_new_over_twice_as_many_videos_takes_twice_as_many_steps(
    tmp_path, monkeypatch, record, commit
):
    from deepfake_dataset.commands.run import run_unattended

    monkeypatch.setattr("deepfake_dataset.commands.run.follow_up", lambda *_, **__: ())
    counts = []
    for number in (50, 100):
        folder, ds = tmp_path / f"v{number}", tmp_path / f"ds{number}"
        folder.mkdir()
        for name in range(number):
            at_rest(folder / f"{name:06d}.mp4") if (folder / f"{name:06d}.mp4").write_bytes(
                b"junk %d" % name
            ) else None
        run_unattended([folder], ds)
        counts.append(calls_made(lambda folder=folder, ds=ds: run_unattended([folder], ds)))
    assert counts[1] < 2.2 * counts[0]
