"""The house is as its papers say: files that are named exist, and every module has its tests."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "deepfake_dataset"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAPERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

TESTED_IN = {
    "__main__.py": "tests/cli/test_cli.py",
    "records.py": "tests/dataset/test_schema.py",
    "baseline/data/train_test_overlap.py": "tests/commands/test_train_baseline.py",
    "baseline/models/": "tests/baseline/network/test_load_weights.py",
    "baseline/report/": "tests/baseline/report/test_write_report.py",
    "baseline/scoring/predict.py": "tests/baseline/scoring/test_trained_model.py",
    "baseline/scoring/auc_and_eer.py": "tests/baseline/scoring/test_accuracy_metrics.py",
    "baseline/scoring/face_and_video_scores.py": "tests/commands/test_score.py",
    "baseline/training/": "tests/baseline/training/test_train.py",
    "cli/": "tests/cli/test_cli.py",
    "cli/unattended.py": "tests/cli/test_unattended.py",
    "commands/demo.py": "tests/cli/test_cli.py",
    "commands/follow_up.py": "tests/commands/test_run.py",
    "commands/prune.py": "tests/commands/test_run.py",
    "commands/redo.py": "tests/commands/test_verify.py",
    "commands/retry.py": "tests/commands/test_run.py",
    "commands/review_status.py": "tests/commands/test_review.py",
    "commands/sheet.py": "tests/commands/test_extract.py",
    "commands/status.py": "tests/commands/test_extract.py",
    "dataset/csv_tables.py": "tests/dataset/test_manifest.py",
    "dataset/integrity.py": "tests/commands/test_verify.py",
    "demo/": "tests/demo/test_videos.py",
    "engine/__init__.py": "tests/engine/test_make_engine.py",
    "engine/base.py": "tests/engine/conformance.py",
    "engine/limits.py": "tests/engine/test_local.py",
    "engine/server.py": "tests/engine/test_local.py",
    "faces/detectors/": "tests/faces/test_detectors.py",
    "faces/embedding.py": "tests/split/similarity/test_face_embeddings.py",
    "report/": "tests/report/test_contact_sheet.py",
    "commands/source_frames.py": "tests/commands/test_review.py",
    "review/reasons/": "tests/review/reasons/test_reasons.py",
    "review/reasons/__init__.py": "tests/review/reasons/test_plugin_reasons.py",
    "schemas/__init__.py": "tests/commands/test_schemas.py",
    "shots/cut.py": "tests/shots/test_scene_detector.py",
    "shots/dissolve.py": "tests/shots/test_scene_detector.py",
    "sources/files.py": "tests/sources/test_list_files.py",
    "sources/label_words.py": "tests/sources/layouts/test_folder_names.py",
    "sources/layouts/": "tests/sources/layouts/test_layouts.py",
    "split/audit/": "tests/commands/test_audit.py",
    "split/links/": "tests/split/links/test_video_groups.py",
    "split/manifests/": "tests/commands/test_split.py",
    "split/progress.py": "tests/commands/test_split.py",
    "split/video_table.py": "tests/split/test_plan.py",
    "storage/base.py": "tests/storage/conformance.py",
    "storage/keys.py": "tests/storage/conformance.py",
    "storage/os_errors.py": "tests/storage/test_lease.py",
    "video/deinterlacing.py": "tests/video/test_frame.py",
    "video/geometry.py": "tests/video/test_frame.py",
    "video/resampling.py": "tests/video/test_frame.py",
}
"""Of modules, or of all in a folder, that have no test file of their own name: where it is."""


def tasks() -> list[tuple[str, str]]:
    """The rows of "Where do I change …": the task and each of its files."""
    table = CONTRIBUTING.split("## Where do I change")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (`.+`) \|$", table, re.MULTILINE)
    return [(task, file) for task, files in rows for file in re.findall(r"`(.+?)`", files)]


def test_there_are_thirty_tasks_or_more_and_no_file_is_torn_between_many():
    assert len({task for task, _ in tasks()}) >= 30


@pytest.mark.parametrize(("task", "file"), tasks())
def test_the_file_to_change_exists(task, file):
    assert (PACKAGE / file).is_file()


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_files_that_papers_name_with_their_folder_exist(paper):
    """Folders of a dataset have other endings; those of this repository end in .py here."""
    named = re.findall(r"`((?:[\w]+/)+\w+\.py)\b", paper.read_text(encoding="utf-8"))
    gone = [file for file in named if not ((PACKAGE / file).exists() or (ROOT / file).exists())]
    assert gone == []


def modules() -> list[str]:
    """All modules but folders' docstrings, below the package."""
    files = (path for path in sorted(PACKAGE.rglob("*.py")) if len(path.read_text()) > 400)
    return [path.relative_to(PACKAGE).as_posix() for path in files]


def own_test(module: str) -> Path:
    path = Path(module)
    if path.name == "__init__.py":
        path = path.parent.with_suffix(".py") if path.parent.name else Path("front_door.py")
    return ROOT / "tests" / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_test_file_of_its_name_or_one_that_is_named(module):
    if own_test(module).is_file():
        return
    folder = f"{module.rpartition('/')[0]}/"
    held = TESTED_IN.get(module) or TESTED_IN.get(folder)
    assert held, f"write {own_test(module).relative_to(ROOT)}, or say where {module} is tested"
    assert (ROOT / held).is_file()


@pytest.mark.parametrize("name", TESTED_IN)
def test_what_is_said_to_be_tested_elsewhere_is_there(name):
    assert (PACKAGE / name).exists()
