"""What cron pays when nothing is new: listing a large folder, and a run over known videos.

    python benchmarks/run.py [--files 100000] [--videos 10000]

Wall time, and CPU time, which other programs on the machine disturb less. The videos are files
of a few bytes with a record each, made on the spot: a run over known videos reads neither, so
their size does not matter.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.records import Cause, Provenance, Scene, Status, Stream, Video
from deepfake_dataset.settings import Settings
from deepfake_dataset.sources.list_files import list_files

RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--videos", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        listing(Path(folder) / "many", asked.files)
        nothing_new(Path(folder), asked.videos)


def listing(folder: Path, number: int) -> None:
    folder.mkdir()
    for name in range(number):
        (folder / f"{name:06d}.mp4").touch()
    taken = []
    for _ in range(RUNS):
        before = clocks()
        assert len(list_files([folder]).files) == number
        taken.append(since(before))
    print(f"listing {number} files in one folder: {spread(taken)}")


def nothing_new(folder: Path, number: int) -> None:
    videos, ds = folder / "videos", folder / "ds"
    with patch("os.fsync"):  # only the preparation: it would take minutes
        dataset = Dataset.create(ds, Settings())
        for index in range(number):
            prepare(videos / f"{index % 100:02d}" / f"{index:06d}.mp4", dataset, index)
    command = [sys.executable, "-m", "deepfake_dataset", "run", str(videos), "-d", str(ds)]
    taken = []
    for _ in range(1 + RUNS):
        before = clocks()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        taken.append(since(before))
        assert done.stderr.startswith("0 done"), done.stderr
    print(f"a run with nothing new over {number} known videos: {spread(taken[1:])}")
    print(f"  the first one, which fills the caches: {spread(taken[:1])}")


def prepare(path: Path, dataset: Dataset, index: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"video %d" % index
    path.write_bytes(data)
    os.utime(path, (time.time() - 3600,) * 2)
    video_id = hashlib.sha256(data).hexdigest()[:16]
    dataset.commit(
        Video(
            video_id=video_id,
            path=f"{path.parent.name}/{path.name}",
            size_bytes=len(data),
            provenance=Provenance(),
            settings_key=dataset.settings.extract.key,
            status=Status.OK,
            stream=Stream("mov", "h264", "yuv420p", 640, 360, 0, 25.0, 4.0, 2000, 100, 0, 0),
            scenes=(Scene(0, Cause.START, 0, 100, 0.0, 4.0, 0, 0),),
        )
    )
    (dataset.root / "faces" / video_id).mkdir(parents=True)


def clocks() -> tuple[float, float]:
    """Wall seconds, and CPU seconds of this process and of those that it has waited for."""
    used = os.times()
    return time.perf_counter(), used.user + used.system + used.children_user + used.children_system


def since(before: tuple[float, float]) -> tuple[float, float]:
    wall, cpu = clocks()
    return wall - before[0], cpu - before[1]


def spread(taken: list[tuple[float, float]]) -> str:
    walls, cpus = zip(*taken, strict=True)
    return (
        f"{min(walls):.2f} to {max(walls):.2f} s wall, {min(cpus):.2f} to {max(cpus):.2f} s CPU"
        f" ({len(taken)} runs)"
    )


if __name__ == "__main__":
    main()
