"""Damaged, encrypted, interlaced, turned, tiny, empty: every file has its record."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import VIDEO_ERRORS
from deepfake_dataset.records import Video
from deepfake_dataset.sources.list_files import is_video_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def odd(shared_data: Path) -> Path:
    return shared_data / "videos" / "odd"


@pytest.fixture(scope="session")
def ran(odd, tmp_path_factory) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run over all of them, in a process of its own."""
    ds = tmp_path_factory.mktemp("odd") / "ds"
    command = [sys.executable, "-m", "deepfake_dataset", "extract", odd, "-d", ds, "--json"]
    options = ["--faces-per-scene", "5", "--time-limit", "120"]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True), ds


@pytest.fixture(scope="session")
def records(ran) -> dict[str, Video]:
    return {video.path: video for video in Dataset.open(ran[1]).videos()}


def test_the_run_ends_well_and_tells_that_some_failed(ran):
    process, _ = ran
    assert process.returncode == 2
    assert "Traceback" not in process.stderr
    assert "fault of dsbuild" not in process.stderr
    assert process.stdout.count("\n") == 1


def test_every_file_has_a_record_or_is_the_same_as_one_that_has(ran, records, odd):
    summary = json.loads(ran[0].stdout)
    files = {path.name for path in odd.iterdir() if is_video_name(path.name)}
    assert len(files) == summary["found"] + summary["duplicates"]
    assert records.keys() <= files
    assert len(records) == summary["found"] == summary["all"]["videos"]


def test_every_video_gave_frames_or_a_reason(records):
    for path, video in records.items():
        if video.status == "ok":
            assert video.stream.frames > video.stream.frames_corrupt, path
            assert video.scenes[-1].end_frame == video.stream.frames, path
        else:
            assert video.error in VIDEO_ERRORS, path
            assert video.message, path


def test_none_crashed_or_ran_out_of_time_or_memory(records):
    reasons = {path: video.error for path, video in records.items()}
    assert not {"crashed", "time-limit", "memory-limit", "failed"} & set(reasons.values())


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("moviepy__empty_0bytes.webm", "empty-file"),
        ("fate__h264__mov-tenc-only-encrypted.mp4", "encrypted"),
    ],
)
def test_known_outcomes(path, code, records):
    assert records[path].error == code


def test_counts_reconcile(records):
    for path, video in records.items():
        frames = {face.frame for face in video.faces} | {miss.frame for miss in video.misses}
        assert sum(scene.sampled for scene in video.scenes) == len(frames), path
        assert sum(scene.faces for scene in video.scenes) == len(video.faces), path


def test_every_crop_is_there(ran, records):
    dataset = Dataset.open(ran[1])
    for video in records.values():
        for face in video.faces:
            assert dataset.face_path(video.video_id, face.face_id).stat().st_size > 0
