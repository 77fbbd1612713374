"""The commands that README.md shows, run as they stand there, one after the other."""

import re
import shlex
from pathlib import Path

import pytest

from deepfake_dataset.cli import run
from deepfake_dataset.demo import CLIPS, make_videos

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def commands() -> list[tuple[str, list[str]]]:
    """Each command of the console blocks, and the lines shown below it."""
    shown: list[tuple[str, list[str]]] = []
    for line in "".join(BLOCKS).splitlines():
        if line.startswith("$ "):
            shown.append((line[2:], []))
        else:
            shown[-1][1].append(line)
    return shown


def shape(text: str) -> str:
    """The text without its numbers, and without the width of columns that these decide."""
    return re.sub(r"\s+", " ", re.sub(r"\d+", " # ", text))


TAKES = ("collins-1", "hopper-2", "coelho-1")
HALF = [clip for clip in CLIPS if clip.take.name in TAKES]
"""Half of the demo: one take of each person, real and forged; in one of them faces are missed."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with half of the demo's videos in ``videos``, as a reader would have his own."""
    path = tmp_path_factory.mktemp("readme")
    make_videos(path / "videos", HALF)
    return path


def test_every_command_shown_does_what_is_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    shown = commands()
    assert shown
    for command, expected in shown:
        program, *arguments = shlex.split(command)
        assert program == "dsbuild"
        assert run(arguments) == 0, command
        printed = "".join(capfd.readouterr())
        for line in expected:
            assert shape(line) in shape(printed), f"{command} printed:\n{printed}"
    for code in PYTHON:
        exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()
