"""The wheel that is published has all that the package needs, away from the repository."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Python in which the package comes from the wheel and all else from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    subprocess.run([*pip, "install", *offline, "--target", site, wheel], check=True)
    others = [path for path in sys.path if path and not (Path(path) / "deepfake_dataset").is_dir()]
    where = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), *others])}

    def run_python(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(command, cwd=folder, env=where, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done

    return run_python


LOOK = """
from importlib.resources import files
import deepfake_dataset as dd
from deepfake_dataset.schemas import NAMES, read_schema
here = files("deepfake_dataset")
print(dd.__file__)
assert all(read_schema(name) for name in NAMES)
page = "review/web/static"
for name in ("py.typed", "__init__.pyi", f"{page}/index.html", f"{page}/main.js"):
    assert here.joinpath(name).is_file(), name
kept = [p.name for p in here.joinpath("baseline/report").iterdir() if not p.name.endswith(".py")]
assert kept, "no style or template of the report"
assert sorted(dir(dd)) == sorted(dd.__all__)
"""


def test_schemas_types_the_page_and_the_reports_style_come_with_it(run: Run) -> None:
    assert "site" in run("-c", LOOK).stdout


def test_a_video_is_extracted_by_it(run: Run, face_video: Path, tmp_path: Path) -> None:
    videos = tmp_path / "real"
    videos.mkdir()
    (videos / "one.mp4").write_bytes(face_video.read_bytes())
    dataset = tmp_path / "dataset"
    done = run("-m", "deepfake_dataset", "extract", videos, "-d", dataset, "--faces-per-scene", 3)
    assert "1 video found, 1 done" in done.stderr
    assert len(list(dataset.glob("faces/*/*.png"))) >= 4
