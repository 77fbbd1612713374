"""Keras is set up without a word of its backend's, and within the cores of its process."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepfake_dataset.baseline import keras_backend

from .conftest import MakeFaces

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
OURS = re.compile(
    r"epoch \d/\d  loss |notebook, recipe best: trained on \d+ faces|  +per face +per video$"
    r"|(forged|real|total|balanced|auc|equal error rate|calibration error|confidence error) +\d"
    r"|temperature \d|\d+ faces of \d+ videos: |written to "
)


def quiet_environment() -> dict[str, str]:
    """That of a user who has never heard of TensorFlow's variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TF_")}


def dsbuild(*arguments: object) -> list[str]:
    """The lines that a command of its own process writes to stderr."""
    ran = subprocess.run(
        [sys.executable, "-m", "deepfake_dataset", *map(str, arguments)],
        env=quiet_environment(),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.splitlines()


@pytest.mark.slow
def test_training_and_scoring_write_their_own_lines_alone(
    make_faces: MakeFaces, tmp_path: Path
) -> None:
    faces = make_faces(each=16)
    changes = ("--set", "model=notebook", "--set", "epochs=2", "--set", "batch=8")
    trained = dsbuild("train-baseline", "-d", tmp_path, "--images", faces, *changes)
    scored = dsbuild("score", tmp_path / "models" / "best-1", faces, "-o", tmp_path / "scores")
    assert len(trained) > 10
    assert len(scored) > 3
    assert [line for line in (*trained, *scored) if not OURS.match(line)] == []


def test_debug_lets_the_backend_speak(
    dsbuild: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LEVEL, "x")  # so that it is as it was afterwards
    monkeypatch.delenv(LEVEL)
    dsbuild("--debug", "status", "-d", tmp_path)
    assert os.environ[LEVEL] == "0"
    keras_backend._silence_start_up()
    assert os.environ[LEVEL] == "0"


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LEVEL, "1")
    keras_backend._silence_start_up()
    keras_backend.show_start_up()
    assert os.environ[LEVEL] == "1"


ON_ONE_CORE = """
import os
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
from deepfake_dataset.baseline.keras_backend import set_up_keras
set_up_keras()
import tensorflow
threading = tensorflow.config.threading
print(threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a process cannot be held to a core")
def test_threads_are_as_many_as_cores_are_given() -> None:
    pytest.importorskip("tensorflow")
    environment = quiet_environment() | {"KERAS_BACKEND": "tensorflow"}
    ran = subprocess.run(
        [sys.executable, "-c", ON_ONE_CORE], env=environment, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("1 1\n", "")
