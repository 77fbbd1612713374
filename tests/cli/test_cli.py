import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import deepfake_dataset.cli
import deepfake_dataset.commands.demo
import deepfake_dataset.commands.status
from deepfake_dataset.cli.app import app
from deepfake_dataset.cli.console import Bar
from deepfake_dataset.commands.demo import Demo
from deepfake_dataset.commands.extract import Progress
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.schema import json_schema
from deepfake_dataset.dataset.totals import Summary, Totals, totals_of
from deepfake_dataset.settings import ExtractSettings, RunSettings
from deepfake_dataset.storage.lease import file_lease

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def small(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with a real and an unlabelled video, of a few frames without faces."""
    make_video(tmp_path / "small" / "real" / "a.mp4", 3, seed=1)
    make_video(tmp_path / "small" / "b.mp4", 3, seed=2)
    return tmp_path / "small"


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python -m deepfake_dataset``."""

    def run(*arguments: object, **how: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deepfake_dataset", *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=120, **how
        )

    return run


def is_traceback(text: str) -> bool:
    return "Traceback" in text or bool(re.search(r'File ".*", line \d+', text))


def only_error(ran: Any) -> str:
    """The message of a command that ended with an error, told in the agreed way."""
    assert ran.out == ""
    match = re.fullmatch(r"error: (.+)\nhint: (.+)\n", ran.err)
    assert match, ran.err
    return match[1]


# A whole run


@pytest.mark.usefixtures("in_process")
def test_json_is_one_line_on_stdout_and_people_s_text_is_on_stderr(small, ds, dsbuild):
    ran = dsbuild("extract", small, "-d", ds, "--json")
    assert ran.code == 0
    jsonschema.validate(ran.json, json_schema(Summary))
    assert (ran.json["found"], ran.json["done"]["videos"]) == (2, 2)
    assert "2 videos found, 2 done, 0 known" in ran.err
    assert "{" not in ran.err


@pytest.mark.usefixtures("in_process")
def test_without_json_nothing_is_on_stdout(small, ds, dsbuild):
    for arguments in (("extract", small), ("status",), ("errors",)):
        ran = dsbuild(*arguments, "-d", ds)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err


@pytest.mark.usefixtures("in_process")
def test_the_closing_table_reconciles_with_the_summary(small, ds, dsbuild):
    shutil.copyfile(small / "b.mp4", small / "again.mp4")
    (small / "fake").mkdir()
    (small / "fake" / "notes.mp4").write_text("not a video")
    (small / "notes.txt").touch()
    ran = dsbuild("extract", small, "-d", ds, "--json")
    assert "3 videos found, 3 done, 0 known, 1 duplicates, 1 other files passed over" in ran.err
    rows = re.findall(r"^(real|fake|unknown) +(\w+) +(\d+) +(\d+)$", ran.err, re.MULTILINE)
    assert rows == [
        ("fake", "failed", "1", "0"),
        ("real", "ok", "1", "0"),
        ("unknown", "ok", "1", "0"),
    ]
    misses = sum(count["number"] for count in ran.json["done"]["misses"])
    assert f"{misses} sampled frames without one ({misses} no-face)" in ran.err
    assert "errors  1 not-a-video" in ran.err
    assert f"dsbuild errors -d {ds} says what went wrong" in ran.err


@pytest.mark.usefixtures("in_process")
def test_a_failed_video_gets_a_line_with_a_hint_and_exit_code_2_once(small, ds, dsbuild):
    (small / "notes.mp4").write_text("not a video")
    ran = dsbuild("extract", small, "-d", ds)
    assert ran.code == 2
    assert "notes.mp4: FFmpeg does not know this kind of file\n  hint: remove" in ran.err
    assert dsbuild("extract", small, "-d", ds).code == 0
    assert dsbuild("extract", small, "-d", ds, "--retry").code == 2
    assert not is_traceback(ran.err)


@pytest.mark.usefixtures("in_process")
def test_a_file_that_cannot_be_read_gets_its_line_too(small, ds, dsbuild):
    (small / "gone.mp4").symlink_to("nowhere")
    ran = dsbuild("extract", small, "-d", ds)
    assert ran.code == 2
    assert "gone.mp4: No such file or directory\n  hint: check" in ran.err


@pytest.mark.usefixtures("in_process")
def test_refused_videos_are_told_but_no_failure(small, ds, dsbuild):
    ran = dsbuild("extract", small, "-d", ds, "--min-size", "854x480", "--min-duration", "2")
    assert ran.code == 0
    assert "64×48 pixels, less than 854×480\n  hint: lower --min-size" in ran.err
    assert {video.error for video in Dataset.open(ds).videos()} == {"too-small"}


@pytest.mark.usefixtures("in_process")
def test_a_second_run_says_that_all_is_known(small, ds, dsbuild):
    dsbuild("extract", small, "-d", ds)
    ran = dsbuild("extract", small, "-d", ds, "--json")
    assert "2 videos found, 0 done, 2 known" in ran.err
    assert (ran.json["known"], ran.json["done"]["videos"], ran.json["all"]["videos"]) == (2, 0, 2)


@pytest.mark.usefixtures("in_process")
def test_options_are_settings_and_are_kept(small, ds, dsbuild):
    options = {
        "--detector": "haar",
        "--landmarks": 5,
        "--faces": "all",
        "--faces-per-scene": 7,
        "--size": 64,
        "--margin": 2.0,
        "--min-face": 32,
        "--min-size": "4x2",
        "--min-duration": 0.1,
        "--workers": 1,
        "--time-limit": 60.0,
        "--memory-limit": 2000,
    }
    given = [str(part) for option in options.items() for part in option]
    assert dsbuild("extract", small, "-d", ds, *given).code == 0
    settings = Dataset.open(ds).settings
    assert settings.extract == ExtractSettings(
        detector="haar",
        landmarks=5,
        faces="all",
        faces_per_scene=7,
        size_px=64,
        margin=2.0,
        min_face_px=32,
        min_width=4,
        min_height=2,
        min_duration_s=0.1,
    )
    assert settings.run == RunSettings(1, 60.0, 2000)


@pytest.mark.usefixtures("in_process")
def test_labels_come_from_a_csv(small, ds, dsbuild, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\nb.mp4,fake\n")
    dsbuild("extract", small, "-d", ds, "--labels", tmp_path / "labels.csv")
    labels = {video.path: video.provenance.label for video in Dataset.open(ds).videos()}
    assert labels == {"real/a.mp4": "real", "b.mp4": "fake"}


# Reading back


@pytest.mark.usefixtures("in_process")
def test_status_and_errors_read_back_what_the_run_told(small, ds, dsbuild):
    (small / "notes.mp4").write_text("not a video")
    ran = dsbuild("extract", small, "-d", ds, "--json")
    status = dsbuild("status", "-d", ds, "--json")
    assert status.json.items() >= ran.json["all"].items()
    totals = {name: status.json[name] for name in ran.json["all"]}
    jsonschema.validate(totals, json_schema(Totals))
    assert "unknown  failed       1      0" in status.err
    errors = dsbuild("errors", "-d", ds, "--json")
    assert (errors.code, [brief["path"] for brief in errors.json]) == (0, ["notes.mp4"])
    assert errors.err.splitlines()[:2] == [
        "notes.mp4",
        "  not-a-video: FFmpeg does not know this kind of file",
    ]
    assert errors.err.splitlines()[2].startswith("  hint: ")


@pytest.mark.usefixtures("in_process")
def test_no_errors_are_told_as_such(small, ds, dsbuild):
    dsbuild("extract", small, "-d", ds)
    ran = dsbuild("errors", "-d", ds, "--json")
    assert (ran.json, ran.err) == ([], "no errors\n")


def test_an_error_that_this_version_does_not_know_is_listed_too(ds, dataset, record, dsbuild):
    dataset.commit(record(status="failed", error="from-the-future", message="odd", faces=0))
    ran = dsbuild("errors", "-d", ds)
    assert ran.code == 0
    assert "from-the-future: odd\n  hint: play the file" in ran.err


def test_an_empty_dataset_has_a_status(ds, dataset, dsbuild):
    ran = dsbuild("status", "-d", ds, "--json")
    assert (ran.code, ran.json["videos"]) == (0, 0)


@pytest.mark.usefixtures("in_process")
def test_sheet_prints_where_the_picture_is(small, ds, dsbuild, tmp_path):
    dsbuild("extract", small, "-d", ds)
    for arguments in (("a.mp4",), (), ("a.mp4", "-o", tmp_path / "a.png")):
        ran = dsbuild("sheet", *arguments, "-d", ds)
        assert (ran.code, ran.err) == (0, "")
        assert Path(ran.out.rstrip("\n")).read_bytes().startswith(b"\x89PNG")


def test_demo_makes_videos_a_dataset_and_an_overview(dsbuild, monkeypatch, tmp_path, record):
    totals = totals_of([])
    summary = Summary(2, 0, 0, 0, 0, totals, totals)
    made = Demo(tmp_path / "videos", tmp_path / "dataset", tmp_path / "o.png", summary)
    monkeypatch.setattr(
        deepfake_dataset.commands.demo, "make_demo", lambda folder, on_progress: made
    )
    ran = dsbuild("demo", tmp_path, "--json")
    assert (ran.code, ran.json["found"]) == (0, 2)
    assert all(str(path) in ran.err for path in (made.videos, made.dataset, made.sheet))


# Errors and exit codes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nope"], "No such option: --nope"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["extract"], "Missing"),
        (["extract", "v", "-d", "ds", "--size", "big"], "Invalid value for '--size'"),
        (["extract", "v"], "Missing option"),
        (["status", "-d"], "requires an argument"),
        (["status", "-d", "ds", "more"], "unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error_with_exit_code_1(arguments, message, dsbuild):
    ran = dsbuild(*arguments)
    assert ran.code == 1
    assert message in only_error(ran)


def test_help_is_given_where_nothing_is_asked_for(dsbuild):
    bare, asked = dsbuild(), dsbuild("--help")
    assert bare == asked
    assert bare.code == 0
    assert "extract" in bare.out


@pytest.mark.parametrize(
    "command", [i.name or i.callback.__name__.replace("_", "-") for i in app.registered_commands]
)
def test_every_command_has_a_help(command, dsbuild):
    ran = dsbuild(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: dsbuild {command}" in ran.out


def test_the_help_of_every_setting_names_its_default(dsbuild):
    words = " ".join(dsbuild("extract", "--help").out.split())
    for default in ("hog", 68, "target", 50, 256, 1.3, 3600.0):
        assert f"[default: {default}]" in words


@pytest.mark.parametrize("size", ["854", "x", "854x", "x480", "axb", "854x480x2", "-1x2", "8.5x4"])
def test_a_size_that_is_none_is_told_how_to_be_written(size, ds, dsbuild, tmp_path):
    ran = dsbuild("extract", tmp_path, "-d", ds, "--min-size", size)
    assert (ran.code, only_error(ran)) == (1, f"--min-size {size} is not a size")
    assert "854x480" in ran.err


@pytest.mark.usefixtures("in_process")
def test_a_dataset_that_another_run_holds_is_exit_code_75(small, ds, dataset, dsbuild):
    with file_lease(ds):
        ran = dsbuild("extract", small, "-d", ds)
    assert ran.code == 75
    assert f"process {os.getpid()} since" in only_error(ran)
    assert dsbuild("extract", small, "-d", ds).code == 0


@pytest.mark.usefixtures("in_process")
def test_an_interrupt_is_exit_code_130_and_keeps_what_is_committed(small, ds, dsbuild, monkeypatch):
    show = Bar.show

    def interrupted(bar: Bar, progress: Any) -> None:
        show(bar, progress)
        if progress.done == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bar, "show", interrupted)
        ran = dsbuild("extract", small, "-d", ds, "--json")
    assert (ran.code, ran.out) == (130, "")
    assert "what was committed is kept" in ran.err
    assert not is_traceback(ran.err)
    assert dsbuild("extract", small, "-d", ds, "--json").json["known"] == 1


def test_an_interrupt_before_any_command_is_130_too(dsbuild, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(deepfake_dataset.cli, "app", interrupted)
    assert dsbuild("status").code == 130


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours in every command that reads."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr(deepfake_dataset.commands.status, "read_status", fail)


@pytest.mark.usefixtures("faulty")
def test_a_fault_of_ours_is_told_without_a_traceback(ds, dsbuild):
    ran = dsbuild("status", "-d", ds)
    assert ran.code == 1
    assert only_error(ran) == "ZeroDivisionError: a fault of ours"
    assert "--debug" in ran.err


@pytest.mark.usefixtures("faulty")
def test_debug_shows_the_traceback_and_the_message_as_well(ds, dsbuild):
    ran = dsbuild("--debug", "status", "-d", ds)
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" in ran.err
    assert "in fail" in ran.err
    assert "error: ZeroDivisionError: a fault of ours" in ran.err


def test_debug_shows_where_a_user_s_error_came_from_too(dsbuild, tmp_path):
    ran = dsbuild("--debug", "status", "-d", tmp_path)
    assert "Traceback" in ran.err
    assert "is not a dataset" in ran.err


# On a terminal


def test_a_bar_is_shown_on_a_terminal_and_none_in_cron(capsys, monkeypatch, record):
    def shown() -> str:
        capsys.readouterr()
        with Bar() as bar:
            bar.show(Progress(0, 1, None))
            bar.show(Progress(1, 1, record()))
        return capsys.readouterr().err

    assert shown() == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "1/1" in shown()
    assert "2 faces" in shown()


# As a real process


def test_extract_runs_as_a_process_of_its_own(process, small, ds):
    ran = process("extract", small, "-d", ds, "--workers", "1", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["all"]["videos"] == 2
    assert ran.stdout.count("\n") == 1


def test_the_command_line_answers_without_loading_what_it_does_not_need(process):
    code = (
        "import sys; from deepfake_dataset.cli import run; run(['--help']);"
        "heavy = {'cv2', 'dlib', 'av', 'skimage', 'scenedetect', 'PIL'} & sys.modules.keys();"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_ctrl_c_ends_a_process_with_130_and_the_dataset_can_be_used(small, ds, make_video):
    make_video(small / "long.mp4", 900, width=640, height=480)
    running = subprocess.Popen(
        [sys.executable, "-m", "deepfake_dataset", "extract", small, "-d", ds, "--workers", "1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    staged = ds / "faces"
    while running.poll() is None and not list(staged.glob(".partial-*")):
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    assert err.endswith("run the same command again to go on\n")
    assert not is_traceback(err)
    with file_lease(ds):
        list(Dataset.open(ds).videos())
