"""What ``import deepfake_dataset`` offers: names, types, and nothing loaded before its time."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from mypy import api as mypy

import deepfake_dataset as dd

pytestmark = pytest.mark.slow

PACKAGE = Path(dd.__file__).parent
STUB = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
NAMES = [
    alias.name
    for node in ast.walk(STUB)
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
]
COMMANDS = [name for name in dd.__all__ if inspect.isfunction(getattr(dd, name))]


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_every_name_of_the_stub_can_be_imported_and_is_listed():
    assert sorted(NAMES) == sorted(dd.__all__) == sorted(dir(dd))
    for name in NAMES:
        assert getattr(dd, name) is not None


def test_what_is_no_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="frobnicate"):
        _ = dd.frobnicate  # type: ignore[attr-defined]


def test_the_version_is_that_of_the_installed_package():
    assert dd.__version__ == run_python(
        "import importlib.metadata as m; print(m.version('deepfake-dataset'))"
    )


def test_a_look_at_the_version_loads_no_large_library():
    heavy = run_python(
        "import sys, deepfake_dataset; deepfake_dataset.__version__;"
        "print([m for m in ('numpy', 'cv2', 'pyarrow', 'av', 'keras') if m in sys.modules])"
    )
    assert heavy == "[]"


def test_every_public_function_of_commands_is_offered():
    """A function of a command's own file that another module may call is a command."""
    offered = {getattr(dd, name) for name in COMMANDS}
    assert len(offered) >= 19
    for function in offered:
        assert function.__module__.startswith("deepfake_dataset.commands.")
        assert inspect.getdoc(function)


def test_every_record_and_every_error_is_within_reach():
    records = import_module("deepfake_dataset.records")
    for name, kind in vars(records).items():
        if inspect.isclass(kind) and kind.__module__ == records.__name__:
            assert getattr(dd.records, name) is kind
    assert issubclass(dd.NotADatasetError, dd.UsageError)
    assert issubclass(dd.UsageError, dd.DsbuildError)


GOOD = """
import os
from pathlib import Path
import deepfake_dataset as dd

dataset: dd.Dataset = dd.Dataset.open("dataset")
faces: int = dd.extract_faces("videos", Path("dataset"), labels="labels.csv").all.faces
videos: list[dd.Video] = list(dataset.videos())
label: dd.Label = videos[0].provenance.label
version: str = dd.__version__
dd.score("models/best-1", Path("clips"), output="scores", threshold=0.4)
reveal_type(dd.split_dataset)
reveal_type(dd.train_baseline)
"""
BAD = """
import deepfake_dataset as dd
dd.extract_faces(5, "dataset")
dd.extract_faces("videos", "dataset", verify="yes")
dd.nothing_like_this
dd.Dataset.open(1.5)
"""


def test_a_type_checker_sees_the_signatures_of_the_real_functions(tmp_path, monkeypatch):
    script = tmp_path / "uses_it.py"
    script.write_text(GOOD)
    monkeypatch.setenv("MYPYPATH", str(PACKAGE.parent))
    out, err, code = mypy.run(
        [
            str(script),
            "--strict",
            "--cache-dir",
            str(tmp_path),
            "--follow-imports=silent",
            "--config-file",
            str(PACKAGE.parent / "pyproject.toml"),
        ]
    )
    assert code == 0, out + err
    for name in ("split_dataset", "train_baseline"):
        for parameter in inspect.signature(getattr(dd, name)).parameters:
            assert parameter in out
    script.write_text(BAD)
    out, _, _ = mypy.run(
        [
            str(script),
            "--strict",
            "--cache-dir",
            str(tmp_path),
            "--follow-imports=silent",
            "--config-file",
            str(PACKAGE.parent / "pyproject.toml"),
        ]
    )
    assert {int(line.split(":")[1]) for line in out.splitlines() if ": error:" in line} == {
        3,
        4,
        5,
        6,
    }, out


@pytest.mark.parametrize(
    "call",
    [
        lambda d: dd.extract_faces(5, d),
        lambda d: dd.extract_faces([d, 5], d),
        lambda d: dd.Dataset.open(5),
        lambda d: dd.Dataset.open(d / "none"),
        lambda d: dd.split_dataset(None),
        lambda d: dd.read_status(b"bytes"),
        lambda d: dd.score("none", d),
        lambda d: dd.audit_files(d),
        lambda d: dd.draw_sheet("a", d),
        lambda d: dd.verify_dataset(3.5),
    ],
)
def test_wrong_types_and_wrong_places_give_the_packages_own_errors(call, tmp_path):
    with pytest.raises(dd.UsageError) as caught:
        call(tmp_path)
    assert str(caught.value)
    assert caught.value.hint
