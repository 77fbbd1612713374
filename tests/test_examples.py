"""What examples/ shows is what the commands take and what the files hold."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from deepfake_dataset.cli.app import app
from deepfake_dataset.report.prometheus_metrics import Gauge, write_metrics

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CHECK = EXAMPLES / "healthcheck.sh"


def shown() -> list[list[str]]:
    """Every dsbuild command in the crontab and the units, as words."""
    text = (EXAMPLES / "crontab").read_text()
    text += (EXAMPLES / "systemd" / "dsbuild.service").read_text()
    found = re.findall(
        r"(?:^[^#\n]*[ /=(]|\$\()dsbuild ((?:run|verify)[^\n;)]*)", text, re.MULTILINE
    )
    return [shlex.split(line.replace("2>&1", "")) for line in found]


def test_the_examples_show_commands():
    assert len(shown()) >= 4


@pytest.mark.parametrize("words", shown(), ids=" ".join)
def test_every_option_shown_is_one(words):
    import deepfake_dataset.cli  # noqa: F401 - registers the commands

    command = typer.main.get_command(app).commands[words[0]]
    with command.make_context(words[0], words[1:]):
        pass


@pytest.fixture
def check(tmp_path: Path):
    """The health check's exit code and words, for a run that ended so long ago with a code."""
    if not shutil.which("awk"):
        pytest.skip("there is no awk")

    def run(code: float, hours_ago: float, free: float = 1e12) -> tuple[int, str]:
        where = (("dataset", "/d {x}"),)
        values = {
            "run_end_time_seconds": time.time() - 3600 * hours_ago,
            "run_exit_code": code,
            "disk_free_bytes": free,
        }
        gauges = [Gauge(f"dsbuild_{n}", "Of a test.", ((where, v),)) for n, v in values.items()]
        write_metrics(tmp_path / "m.prom", gauges)
        done = subprocess.run([CHECK, tmp_path / "m.prom"], capture_output=True, text=True)
        assert done.stderr == ""
        return done.returncode, done.stdout.strip()

    return run


@pytest.mark.parametrize("code", [0, 2, 130])
def test_a_run_that_ended_in_an_agreed_way_is_well(code, check):
    assert check(code, 1) == (0, "ok")


def test_what_needs_a_person_is_told(check, tmp_path):
    assert check(0, 3) == (1, "the last run ended more than 2 h ago")
    assert check(1, 0) == (1, "the last run ended with code 1: see the dataset's logs/run.log")
    assert check(0, 0, 9e9) == (1, "less than 10 GB are free")
    done = subprocess.run([CHECK, tmp_path / "none"], capture_output=True, text=True)
    assert (done.returncode, "has dsbuild run ever ended?" in done.stdout) == (1, True)


ASK = """
import sys
from pathlib import Path
from deepfake_dataset.sources.layouts import provenances
from deepfake_dataset.sources.list_files import list_files
files = sorted(list_files([Path(sys.argv[1])]).files.values(), key=lambda file: file.name)
for file, known in zip(files, provenances(files)):
    print(file.name, known.label, known.method, known.target, known.donor)
"""


def test_the_example_plugin_is_found_once_it_is_installed(tmp_path):
    videos = tmp_path / "lab"
    videos.mkdir()
    for name in ("s07.mp4", "s07_swap_s12.mp4", "other.mp4"):
        (videos / name).write_bytes(b"")
    ask = [sys.executable, "-c", ASK, videos]
    before = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    assert "s07.mp4 unknown" in before
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    built = shutil.copytree(EXAMPLES / "plugin", tmp_path / "plugin")
    subprocess.run([*pip, "--no-build-isolation", "--target", site, built], check=True)
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
    found = subprocess.run(ask, capture_output=True, text=True, check=True, env=where).stdout
    assert found.splitlines() == [
        "other.mp4 unknown   ",
        "s07.mp4 real  s07 ",
        "s07_swap_s12.mp4 fake swap s07 s12",
    ]
