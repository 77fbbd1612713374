"""Whoever opens files beside ``storage/`` knows a disk where a bucket may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import deepfake_dataset

PACKAGE = Path(deepfake_dataset.__file__).parent

FUNCTIONS = {
    "fcntl": None,
    "tempfile": None,
    "sqlite3": {"connect"},
    "cv2": {"imread", "imwrite"},
    "np": {"fromfile", "load", "memmap", "save", "savez"},
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"},
    "os": {
        *("fsync", "link", "listdir", "makedirs", "mkdir", "open", "remove", "rename", "replace"),
        *("rmdir", "scandir", "symlink", "truncate", "unlink", "utime", "walk"),
    },
}
"""By module; None is all of it."""
METHODS = {
    *("open", "read_bytes", "read_text", "write_bytes", "write_text", "touch", "mkdir", "rmdir"),
    *("unlink", "rename", "iterdir", "glob", "rglob", "symlink_to", "hardlink_to", "tofile"),
}
OPENERS = {"Dataset", "Image", "cls"}
"""Whose ``open`` is no path's: a dataset has a storage, Pillow is given bytes."""

ALLOWED = {
    # What the user has, and never is in a dataset.
    "sources/list_files.py: os.scandir": "looks for the user's videos",
    "sources/known_files.py: open": "hashes the user's videos",
    "sources/locate.py: open": "hashes a video where it was last seen",
    "sources/labels_csv.py: read_bytes": "reads the user's CSV of labels",
    "sources/layouts/dfdc.py: read_text": "reads metadata.json beside the user's videos",
    "video/decode.py: open": "decodes the user's videos",
    "review/apply_edited_csv.py: read_bytes": "reads a CSV that the user has edited",
    "dataset/csv_tables.py: read_bytes": "reads manifests and other CSVs that the user names",
    "split/audit/manifest_or_image_folder.py: rglob": "audits folders of other people's images",
    "split/audit/manifest_or_image_folder.py: read_bytes": "audits other people's images",
    "baseline/data/class_folders.py: iterdir": "lists the user's own images",
    "baseline/data/class_folders.py: rglob": "lists the user's own images",
    "baseline/data/class_folders.py: open": "reads groups.csv beside them",
    "baseline/data/images_to_score.py: rglob": "lists the user's own images",
    "baseline/data/image_source.py: read_bytes": "reads the user's own images",
    "baseline/training/train.py: read_bytes": "hashes weights that the user names",
    "demo/__init__.py: mkdir": "makes videos: sources, not part of the dataset",
    "demo/__init__.py: open": "makes the CSV of labels beside them",
    "demo/encode.py: open": "makes the videos themselves",
    # What comes with the package, or with another one.
    "schemas/__init__.py: read_text": "reads JSON Schemas of the package",
    "faces/model_cache.py: open": "hashes a model of another package",
    "faces/shape_predictor.py: np.fromfile": "reads a model of another package",
    "demo/photos.py: read_bytes": "reads photographs of another package",
    "review/web/static_files.py: iterdir": "lists the page's files in the package",
    "review/web/static_files.py: read_bytes": "reads the page's files in the package",
    "review/suspicion_score_cache.py: iterdir": "lists the modules that score",
    "review/suspicion_score_cache.py: read_bytes": "hashes the modules that score",
    # What other libraries need a file for; gone when its process is.
    "baseline/data/decoded_pixels_cache.py: tempfile.TemporaryFile": "has no name: nobody sees it",
    "engine/local.py: tempfile.TemporaryFile": "takes what a worker prints",
    "engine/server.py: write_text": "is written to /proc",
    "dataset/manifest.py: open": "writes into a spool, row by row: a manifest may be large",
    "commands/split.py: read_bytes": "reads what it has made in a spool",
    "commands/score.py: tempfile.TemporaryDirectory": "holds the dataset of one scoring",
    # What an earlier version has left, on disks only.
    "dataset/old_cache_migration.py: rglob": "looks into .cache for SQLite's journals",
    # Opens no file.
    "baseline/training/checkpoint.py: np.load": "takes bytes apart",
    "baseline/training/checkpoint.py: np.savez": "puts bytes together",
    "review/web/server.py: open": "opens the page in a browser",
}
"""Calls outside storage/, each with its reason."""


def calls(file: Path) -> Iterator[tuple[str, int]]:
    """What a module asks of the file system: ``open``, a path's method, a function."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            yield from ((f"{node.module}.{n}", node.lineno) for n in names if at(node.module, n))
        elif isinstance(node, ast.Call) and (call := called(node)):
            yield call, node.lineno


def called(node: ast.Call) -> str:
    """The name of a function or method of a file system; empty for others."""
    if isinstance(node.func, ast.Name):
        return "open" if node.func.id == "open" else ""
    if not isinstance(node.func, ast.Attribute):
        return ""
    name = node.func.attr
    of = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    if of in FUNCTIONS:
        return f"{of}.{name}" if at(of, name) else ""
    if name in METHODS and of not in OPENERS:
        return name
    # A path's takes one argument, that of a text two.
    return name if name == "replace" and len(node.args) == 1 and not node.keywords else ""


def at(module: str | None, name: str) -> bool:
    """Whether a module's function is of a file system."""
    names = FUNCTIONS.get(module or "", set())
    return names is None or name in names


def outside() -> list[tuple[str, str, int]]:
    files = (file.relative_to(PACKAGE).as_posix() for file in sorted(PACKAGE.rglob("*.py")))
    return [
        (name, call, line)
        for name in files
        if not name.startswith("storage/")
        for call, line in calls(PACKAGE / name)
    ]


def test_only_the_storage_opens_writes_and_renames_files():
    found = [
        f"{name}:{line}: {call}"
        for name, call, line in outside()
        if f"{name}: {call}" not in ALLOWED
    ]
    assert found == [], "go through dataset.storage, storage/cache_folder.py or write_file instead"


def test_what_is_allowed_is_still_there_and_has_a_reason():
    there = {f"{name}: {call}" for name, call, _ in outside()}
    assert sorted(ALLOWED.keys() - there) == []
    assert all(ALLOWED.values())


@pytest.mark.parametrize(
    "line",
    [
        "open(p)",
        "p.open('wb')",
        "(a / b).write_text('')",
        "p.with_name('x').replace(p)",
        "os.replace(a, b)",
        "fcntl.flock(a, b)",
        "shutil.rmtree(p)",
        "tempfile.mkdtemp()",
        "from tempfile import NamedTemporaryFile",
        "from os import replace",
        "sqlite3.connect(p)",
        "cv2.imwrite('a', b)",
    ],
)
def test_each_way_to_a_file_is_seen(line, tmp_path):
    (tmp_path / "module.py").write_text(line)
    assert len(list(calls(tmp_path / "module.py"))) == 1


@pytest.mark.parametrize(
    "line", ["Dataset.open(p)", "text.replace('a', 'b')", "replace(record, name=5)", "os.getpid()"]
)
def test_what_opens_no_file_is_passed_over(line, tmp_path):
    (tmp_path / "module.py").write_text(line)
    assert list(calls(tmp_path / "module.py")) == []
