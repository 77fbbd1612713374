"""Every odd file, cut short at three places and with twenty bits flipped, in one run."""

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import VIDEO_ERRORS
from deepfake_dataset.records import Video
from deepfake_dataset.sources.list_files import is_video_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
MEMORY_MB = 1500
SETTINGS = f"""\
[extract]
faces_per_scene = 1
min_face_share = 0.3
size_px = 64

[run]
time_limit_s = 60
memory_limit_mb = {MEMORY_MB}
"""
FLIPS = 20


@dataclass(frozen=True)
class Ran:
    """What the run came to, and what was seen of it from outside."""

    code: int
    out: str
    err: str
    most_mb: float
    """The most that one of its workers held."""
    left: list[psutil.Process]
    """Processes that outlived it."""
    folder: Path
    videos: dict[str, Video]


def spoiled(odd: Path, folder: Path) -> None:
    """Each file as it is, cut at 10, 50 and 90 %, and with bits flipped; the same every time."""
    for source in sorted(path for path in odd.iterdir() if is_video_name(path.name)):
        data, chance = source.read_bytes(), random.Random(source.name)
        (folder / f"whole-{source.name}").write_bytes(data)
        for percent in (10, 50, 90):
            (folder / f"cut{percent}-{source.name}").write_bytes(data[: len(data) * percent // 100])
        flipped = bytearray(data)
        for _ in range(FLIPS if data else 0):
            flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (folder / f"flipped-{source.name}").write_bytes(flipped)


@pytest.fixture(scope="session")
def ran(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "videos").mkdir()
    spoiled(shared_data / "videos" / "odd", folder / "videos")
    (folder / "ds").mkdir()
    (folder / "ds" / "dsbuild.toml").write_text(SETTINGS)
    (folder / "tmp").mkdir()
    command = [sys.executable, "-m", "deepfake_dataset", "extract", "videos", "-d", "ds", "--json"]
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)}
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        most_mb, family = watch(process)
    _, left = psutil.wait_procs(list(family.values()), timeout=10)
    dataset = Dataset.open(folder / "ds")
    return Ran(
        code=process.returncode,
        out=(folder / "out").read_text(),
        err=(folder / "err").read_text(),
        most_mb=most_mb,
        left=left,
        folder=folder,
        videos={video.path: video for video in dataset.videos()},
    )


def watch(process: "subprocess.Popen[bytes]") -> tuple[float, dict[int, psutil.Process]]:
    """Look at the run until it ends: the most memory of a worker, and every process seen."""
    parent, most_mb, family = psutil.Process(process.pid), 0.0, {}
    while process.poll() is None:
        try:
            for child in parent.children(recursive=True):
                family[child.pid] = child
                most_mb = max(most_mb, child.memory_info().rss / 2**20)
        except psutil.Error:
            pass  # it has just ended
        time.sleep(0.1)
    return most_mb, family


def test_the_run_ends_in_the_agreed_way(ran):
    assert ran.code == 2
    assert ran.out.count("\n") == 1
    for word in ("Traceback", "fault of dsbuild", "Error: "):
        assert word not in ran.err


def test_every_file_has_one_record_or_the_bytes_of_one_that_has(ran):
    summary = json.loads(ran.out)
    files = {path.name for path in (ran.folder / "videos").iterdir()}
    assert len(files) >= 5 * 60
    assert ran.videos.keys() <= files
    assert len(ran.videos) == summary["found"] == summary["all"]["videos"]
    assert summary["found"] + summary["duplicates"] == len(files)


def test_every_record_holds_frames_or_a_known_reason(ran):
    for path, video in ran.videos.items():
        if video.status == "ok":
            assert video.scenes[-1].end_frame == video.stream.frames, path
        else:
            assert video.error in VIDEO_ERRORS, path
            assert video.message, path
            assert "Error: " not in video.message, path


def test_none_needed_too_much_time_or_memory(ran):
    errors = {video.error for video in ran.videos.values()}
    assert not {"time-limit", "memory-limit"} & errors
    assert ran.most_mb < MEMORY_MB


def test_nothing_is_left_of_the_run(ran):
    assert ran.left == []
    assert list((ran.folder / "tmp").iterdir()) == []
    assert list((ran.folder / "ds").rglob(".partial-*")) == []


def test_nothing_was_written_outside_the_dataset(ran):
    names = {path.name for path in ran.folder.iterdir()}
    assert names == {"videos", "ds", "tmp", "out", "err"}
    inside = {path.name for path in (ran.folder / "ds").iterdir()}
    assert inside <= {"dsbuild.toml", "videos", "faces", "state", ".lock"}


def test_most_of_what_was_cut_late_or_flipped_is_still_of_use(ran):
    whole = [p for p, v in ran.videos.items() if p.startswith("whole-") and v.status == "ok"]
    for spoiling, share in (("flipped-", 0.5), ("cut90-", 0.4)):
        twins = [ran.videos.get(path.replace("whole-", spoiling)) for path in whole]
        sound = [video for video in twins if video and video.status == "ok"]
        assert len(sound) >= share * len(whole), spoiling
