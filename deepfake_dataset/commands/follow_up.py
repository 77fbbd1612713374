"""What an unattended run makes of the faces: queue, manifests, baseline.

Each is made again only where what it depends on has changed since, whoever changed it and
however the last run ended; so a run with nothing new costs nothing here.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from deepfake_dataset.dataset.cache_table import CacheTable
from deepfake_dataset.dataset.dataset import SETTINGS_FILE, Dataset
from deepfake_dataset.errors import UsageError
from deepfake_dataset.report.run_log import Note
from deepfake_dataset.storage.local import file_version

_FACES = ("videos", "review/decisions.csv", "review/cuts.csv", SETTINGS_FILE)
_FILE = "made.sqlite3"


class Result(StrEnum):
    """How a step ended."""

    DONE = "done"
    CURRENT = "current"
    """Nothing that it depends on has changed since it was done."""
    FAILED = "failed"
    STILL_FAILING = "still-failing"
    """Nothing has changed since it failed; that was told then."""


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one of them."""

    name: str
    result: Result
    message: str = ""
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Whether what it makes is up to date."""
        return self.result in (Result.DONE, Result.CURRENT)


@dataclass(frozen=True, slots=True)
class _Made:
    """Of what a step was last made."""

    inputs: str
    refused: str = ""
    """Why it could not be; empty where it could."""


@dataclass(frozen=True, slots=True)
class _Task:
    """One of them: what makes it, and what it depends on, below the dataset."""

    name: str
    make: Callable[[Path], str]
    """Gives what people should know of it."""
    inputs: tuple[str, ...]


def follow_up(dataset: Dataset, *, split: bool, train: bool, note: Note) -> tuple[Step, ...]:
    """Refresh the queue, then split and train where told to.

    Where one is refused (too few people for a split, a leak) what it made before stays, the
    step has failed, and none follows. Raises other :class:`DsbuildError`.
    """
    steps: list[Step] = []
    for task in tasks(split=split, train=train):
        steps.append(_do(task, dataset))
        note(task.name, result=str(steps[-1].result), message=steps[-1].message)
        if not steps[-1].ok:
            break
    return tuple(steps)


def tasks(*, split: bool, train: bool) -> Iterator[_Task]:
    """What is to be done, in order."""
    yield _Task("queue", _refresh, _FACES)
    if split:
        yield _Task("split", _split, _FACES)
    if train:
        yield _Task("train", _train, ("manifests",))


def _do(task: _Task, dataset: Dataset) -> Step:
    table = CacheTable(dataset.cache_folder / _FILE, _Made)
    last = table.load().get(task.name)
    inputs = _state_of(dataset.root, task.inputs)
    if last is not None and last.inputs == inputs:
        result = Result.STILL_FAILING if last.refused else Result.CURRENT
        return Step(task.name, result, last.refused)
    try:
        step = Step(task.name, Result.DONE, task.make(dataset.root))
        refused = ""
    except UsageError as error:
        step = Step(task.name, Result.FAILED, str(error), error.hint)
        refused = str(error)
    # What it wrote may be among what it depends on: a split keeps its settings.
    table.save({task.name: _Made(_state_of(dataset.root, task.inputs), refused)})
    return step


def _refresh(root: Path) -> str:
    from deepfake_dataset.commands.review import refresh_queue

    refresh_queue(root)
    return ""


def _split(root: Path) -> str:
    from deepfake_dataset.commands.split import split_dataset

    split_dataset(root)
    return ""


def _train(root: Path) -> str:
    """Train, and say how it compares with the last time."""
    from deepfake_dataset.commands.audit import find_dataset_leaks
    from deepfake_dataset.commands.baseline import train_baseline

    before = _last_auc(root / "models")
    trained = train_baseline(root, audit=lambda dataset: find_dataset_leaks(dataset).refuse())
    auc = trained.report.per_video_by_mean.auc.value
    last = "none before" if before is None else f"{before:.3f} before"
    return "no AUC" if auc is None else f"AUC a video {auc:.3f}, {last}"


def _last_auc(models: Path) -> float | None:
    """Of the training that was written last, over whole videos."""
    reports = sorted(models.glob("*/report.json"), key=lambda file: file.stat().st_mtime)
    if not reports:
        return None
    value = json.loads(reports[-1].read_text(encoding="utf-8"))["per_video_by_mean"]["auc"]["value"]
    return None if value is None else float(value)


def _state_of(root: Path, names: Iterable[str]) -> str:
    """Changes with every file below; a file of a dataset is never changed in place."""
    digest = hashlib.sha256()
    for name in names:
        for line in _states(root / name):
            digest.update(f"{name} {line}\n".encode())
    return digest.hexdigest()


def _states(path: Path) -> Iterator[str]:
    if path.is_dir():
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_file() and not entry.name.startswith("."):
                    yield f"{entry.name} {file_version(entry.stat())}"
    elif path.exists():
        yield file_version(path.stat())
