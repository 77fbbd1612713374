"""Whatever ends a run and whenever: the next one makes every byte that a calm one makes.

``DSBUILD_CHAOS_KILLS`` and ``DSBUILD_CHAOS_SEED`` say how many kills there are, and which.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("DSBUILD_CHAOS_KILLS", "20"))
SEED = int(os.environ.get("DSBUILD_CHAOS_SEED", "1"))
SETTINGS = "[extract]\nsize_px = 64\nfaces_per_scene = 6\n\n[run]\nworkers = 2\n"


@dataclass(frozen=True)
class Calm:
    """What an undisturbed run makes, and how long it takes."""

    files: dict[str, bytes]
    seconds: float


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """Three filmed faces, a wall and a file that is no video; all long at rest."""
    import cv2
    from skimage import data

    folder = tmp_path_factory.mktemp("clips")
    photo = data.astronaut()
    for number, name in enumerate(("real/ann-1.mp4", "real/ann-2.mp4", "fake/ann-1-x.mp4")):
        frames = [
            cv2.resize(photo[i + 9 * number : 288 + i + 9 * number, :512], (480, 270))
            for i in range(16)
        ]
        shown = [np.ascontiguousarray(frame) for frame in frames]
        make_video(folder / name, [*shown, *(frame[:, ::-1].copy() for frame in shown)])
    make_video(folder / "real" / "wall.mp4", 8)
    (folder / "fake" / "junk.mp4").write_bytes(b"no video at all")
    long_ago = time.time() - 3600
    for path in folder.rglob("*.mp4"):
        os.utime(path, (long_ago, long_ago))
    return folder


@pytest.fixture(scope="session")
def calm(
    clips: Path,
    tmp_path_factory: pytest.TempPathFactory,
    content: Callable[[Path], dict[str, bytes]],
) -> Calm:
    ds = prepared(tmp_path_factory.mktemp("calm") / "ds")
    began = time.monotonic()
    done = subprocess.run(command("run", clips, "-d", ds), **HOW)
    assert done.returncode == 2, done.stderr  # the junk
    return Calm(content(ds), time.monotonic() - began)


@pytest.fixture(scope="session")
def content() -> Callable[[Path], dict[str, bytes]]:
    """Every file of a dataset with its bytes.

    Left out are the lock, the log and the state, which hold times and places: among them
    how often a failed video was tried, which differs with the number of runs.
    """

    def read(root: Path) -> dict[str, bytes]:
        files = sorted(path for path in root.rglob("*") if path.is_file())
        names = {path.relative_to(root).as_posix(): path for path in files}
        return {
            name: path.read_bytes()
            for name, path in names.items()
            if not name.startswith(("state/", ".lock", "logs/"))
        }

    return read


HOW: dict[str, Any] = {
    "cwd": ROOT,
    "stdin": subprocess.DEVNULL,
    "capture_output": True,
    "text": True,
    "start_new_session": True,
}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "deepfake_dataset", *map(str, arguments)]


def prepared(ds: Path) -> Path:
    """A dataset with the settings of these tests and nothing else."""
    ds.mkdir(parents=True)
    (ds / "dsbuild.toml").write_text(SETTINGS)
    return ds


@pytest.fixture
def dsbuild_once(clips: Path) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Run a command to its end; no traceback whatever happens."""

    def run(*arguments: object, **how: Any) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(command(*arguments), **{**HOW, **how})
        assert "Traceback" not in done.stderr
        assert "fault of dsbuild" not in done.stderr
        return done

    return run


@pytest.fixture
def whole(
    calm: Calm,
    clips: Path,
    content: Callable[[Path], dict[str, bytes]],
    dsbuild_once: Callable[..., "subprocess.CompletedProcess[str]"],
) -> Callable[[Path], None]:
    """Finish a dataset and compare every byte of it with the calm one's."""

    def finish_and_compare(ds: Path) -> None:
        done = dsbuild_once("run", clips, "-d", ds, "--wait")
        assert done.returncode in (0, 2), done.stderr
        found = content(ds)
        assert sorted(found) == sorted(calm.files)
        assert [name for name in found if found[name] != calm.files[name]] == []
        verified = dsbuild_once("verify", "-d", ds)
        assert verified.returncode == 0, verified.stderr

    return finish_and_compare


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The process and all below it."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def is_worker(process: psutil.Process) -> bool:
    """Whether it leads a session of its own, as only what decodes a video does."""
    try:
        return os.getsid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def is_gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def eventually(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A small disk, or the same one remounted with other options."""
    place = tmp_path / "disk"

    def mount(options: str) -> Path:
        how = "remount," if place.exists() else ""
        place.mkdir(exist_ok=True)
        line = ["mount", "-t", "tmpfs", "-o", how + options, "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(line, capture_output=True).returncode:
            pytest.skip("this user may not mount a disk")
        return place

    yield mount
    if place.is_mount():
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def kill_all(process: "subprocess.Popen[str]") -> None:
    """As when the power fails: every process at once, the parent first."""
    for one in family(process):
        with suppress(psutil.NoSuchProcess):  # workers end with the run, on their own too
            one.send_signal(signal.SIGKILL)


def kill_the_group(process: "subprocess.Popen[str]") -> None:
    """As a supervisor does: the workers, in sessions of their own, have to notice."""
    os.killpg(process.pid, signal.SIGKILL)


def test_killed_anywhere_the_next_run_makes_every_byte(clips, calm, whole, tmp_path, capsys):
    chance = random.Random(SEED)
    ds, ended, datasets = prepared(tmp_path / "0"), 0, 1
    for number in range(KILLS):
        moment = chance.uniform(0, calm.seconds)
        arguments = command("run", clips, "-d", ds, "--wait")
        process = subprocess.Popen(arguments, **{**SILENT, "stdin": subprocess.DEVNULL})
        ended += eventually(lambda p=process: p.poll() is not None, moment)
        members = family(process)
        if process.poll() is None:
            (kill_all if number % 2 else kill_the_group)(process)
        process.wait()
        assert eventually(lambda m=members: all(is_gone(one) for one in m))
        if chance.random() < 0.2:
            whole(ds)
            ds, datasets = prepared(tmp_path / str(datasets)), datasets + 1
    whole(ds)
    with capsys.disabled():
        sys.stdout.write(f"\n{KILLS - ended} runs killed, {ended} had ended, {datasets} datasets\n")


SILENT: dict[str, Any] = {
    "cwd": ROOT,
    "stdout": subprocess.DEVNULL,
    "stderr": subprocess.DEVNULL,
    "start_new_session": True,
}


def test_a_worker_that_is_killed_costs_its_video_until_it_is_tried_again(
    clips, whole, tmp_path, dsbuild_once
):
    ds = prepared(tmp_path / "ds")
    process = subprocess.Popen(command("run", clips, "-d", ds), text=True, **SILENT)
    assert eventually(lambda: list(ds.glob("faces/.partial-*/*.png")))
    at_work = next(ds.glob("faces/.partial-*"), None)
    workers = [p for p in family(process)[1:] if at_work and is_worker(p)]
    if workers:  # all may have ended by now, on a machine that is fast enough
        random.Random(SEED).choice(workers).kill()
    assert process.wait() == 2
    retried = dsbuild_once("retry", "-d", ds)
    assert retried.returncode == 2  # the junk fails again
    whole(ds)


def test_a_disk_that_fills_up_ends_the_run_and_space_mends_it(clips, whole, disk, dsbuild_once):
    ds = prepared(disk("size=200k") / "ds")
    done = dsbuild_once("run", clips, "-d", ds)
    assert done.returncode == 1
    assert "No space left on device\nhint: free some space" in done.stderr
    disk("size=64m")
    whole(ds)


def test_a_quota_that_is_used_up_is_no_end_either(clips, whole, tmp_path, dsbuild_once):
    """Where no disk can be mounted, a limit on the size of files stands for a full one."""
    ds = prepared(tmp_path / "ds")
    small = 6000

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, resource.RLIM_INFINITY))

    done = dsbuild_once("run", clips, "-d", ds, preexec_fn=limit)
    assert done.returncode in (1, 2)
    dsbuild_once("retry", "-d", ds)
    whole(ds)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that cannot be written to; root needs a mount for it."""
    if os.geteuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return

    def mounted(*options: str) -> bool:
        line = ["mount", *options, folder, folder]
        return subprocess.run(line, capture_output=True).returncode == 0

    if not mounted("--bind"):
        pytest.skip("this user may not mount a folder")
    try:
        assert eventually(lambda: mounted("-o", "remount,bind,ro"))  # busy while a file is written
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_turns_read_only_ends_the_run_until_it_is_back(clips, whole, tmp_path):
    ds = prepared(tmp_path / "ds")
    (ds / "videos").mkdir()
    line = command("run", clips, "-d", ds)
    with subprocess.Popen(line, text=True, **{**SILENT, "stderr": subprocess.PIPE}) as process:
        assert eventually(lambda: list(ds.glob("faces/.partial-*")))
        with read_only(ds / "videos"):
            _, told = process.communicate()
    assert process.returncode == 1
    assert "error: cannot write to " in told
    assert "\nhint: " in told
    assert "Traceback" not in told
    whole(ds)


JUMPY = """
import itertools, sys, time
year, jumps, now, now_ns = 365 * 86400, itertools.count(), time.time, time.time_ns
def ahead(): return (0, -10, 10, -1, 3)[next(jumps) // 3 % 5] * year
time.time = lambda: now() + ahead()
time.time_ns = lambda: now_ns() + ahead() * 10**9
sys.argv[0] = "dsbuild"
from deepfake_dataset.cli import main
main()
"""


def test_a_clock_that_jumps_changes_no_byte(clips, whole, tmp_path):
    ds = prepared(tmp_path / "ds")
    for _ in range(2):
        line = [sys.executable, "-c", JUMPY, "run", clips, "-d", ds, "--settle", "0"]
        done = subprocess.run(line, **HOW)
        assert done.returncode in (0, 2), done.stderr
        assert "Traceback" not in done.stderr
    whole(ds)
