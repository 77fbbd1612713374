"""The same input gives the same bytes on any processor: kernels and instructions are switched off.

What a processor offers decides which code of OpenBLAS, OpenCV and NumPy runs. Variables switch
that code here; what cannot be told so (Arm, say) only another machine can.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        platform.machine() not in ("x86_64", "AMD64"), reason="the kernels named are x86-64's"
    ),
]

EXTRACT = """
import hashlib, json, sys
from pathlib import Path
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.extract import extract_video
from deepfake_dataset.records import Label, Provenance, VideoFile
from deepfake_dataset.settings import Settings
path, folder = Path(sys.argv[1]), Path(sys.argv[2])
dataset = Dataset.create(folder, Settings().override(faces_per_scene=12))
name = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
known = Provenance(Label.REAL, target="Ann")
file = VideoFile(name, str(path), "real/a.mp4", path.stat().st_size, known)
video = extract_video(file, dataset)
files = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in (".parquet", ".png"))
print(json.dumps({
    "faces": len(video.faces), "scenes": [str(scene.cause) for scene in video.scenes],
    "bytes": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
}))
"""
NUMPY = """
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(*(name for name in __cpu_dispatch__ if __cpu_features__.get(name)))
"""
OPENCV_INSTRUCTIONS = "SSE4.1,SSE4.2,AVX,FP16,AVX2,FMA3,AVX_512F,AVX512_SKX,AVX512_ICL"


def on_a_processor(video: Path, folder: Path, **variables: str) -> dict[str, object]:
    where = {name: text for name, text in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    command = [sys.executable, "-W", "ignore", "-c", EXTRACT, video, folder]
    done = subprocess.run(command, env=where | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, make_video) -> Path:
    """Two camera angles; in the second the light changes and the head is turned."""
    photo = data.astronaut()
    wide = [cv2.resize(photo[n : 288 + n, :512], (640, 360)) for n in range(30)]
    turn = cv2.getRotationMatrix2D((256, 130), 9, 1.0)
    turned = cv2.warpAffine(photo, turn, (512, 512))
    close = [cv2.resize(turned[10:206, 60 + n // 3 : 408 + n // 3], (640, 360)) for n in range(75)]
    dimmed = [np.clip(frame * 0.55, 0, 255).astype(np.uint8) for frame in close[35:]]
    frames = [np.ascontiguousarray(f) for f in (*wide, *close[:35], *dimmed)]
    return make_video(tmp_path_factory.mktemp("processor") / "a.mp4", frames)


@pytest.fixture(scope="module")
def here(video: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return on_a_processor(video, tmp_path_factory.mktemp("here") / "ds")


def numpy_features() -> str:
    done = subprocess.run([sys.executable, "-c", NUMPY], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_there_is_something_to_compare(here) -> None:
    assert here["faces"] > 20
    assert here["scenes"] == ["start", "angle", "light"]


@pytest.mark.parametrize("kernel", ["Prescott", "Nehalem", "Sandybridge", "Haswell"])
def test_the_kernels_of_openblas_change_no_byte(kernel, video, here, tmp_path) -> None:
    assert on_a_processor(video, tmp_path / "ds", OPENBLAS_CORETYPE=kernel) == here


def test_the_newest_instructions_of_opencv_change_no_byte(video, here, tmp_path) -> None:
    without = {"OPENCV_CPU_DISABLE": OPENCV_INSTRUCTIONS, "OPENCV_IPP": "disabled"}
    assert on_a_processor(video, tmp_path / "ds", **without) == here


def test_the_newest_instructions_of_numpy_change_no_byte(video, here, tmp_path) -> None:
    without = {"NPY_DISABLE_CPU_FEATURES": numpy_features(), "OPENBLAS_CORETYPE": "Nehalem"}
    assert on_a_processor(video, tmp_path / "ds", **without) == here
