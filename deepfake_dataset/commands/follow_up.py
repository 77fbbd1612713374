"""What an unattended run makes of the faces: queue, manifests, baseline.

Each is made again only where what it depends on has changed since, whoever changed it and
however the last run ended; so a run with nothing new costs nothing here.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.state_table import StateTable
from deepfake_dataset.errors import UsageError
from deepfake_dataset.report.run_log import Note
from deepfake_dataset.storage.base import Storage

_FACES = (layout.VIDEOS, layout.DECISIONS, layout.CANNOT_LINKS, layout.SETTINGS)


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
    """One of them: what makes it, and what it depends on."""

    name: str
    make: Callable[[Dataset], str]
    """Gives what people should know of it."""
    inputs: tuple[str, ...]
    """Keys and prefixes."""


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
        yield _Task("train", _train, (layout.MANIFESTS,))


def _do(task: _Task, dataset: Dataset) -> Step:
    table = StateTable(dataset.storage, layout.FOLLOW_UPS, _Made)
    last = table.load().get(task.name)
    inputs = _state_of(dataset.storage, task.inputs)
    if last is not None and last.inputs == inputs:
        result = Result.STILL_FAILING if last.refused else Result.CURRENT
        return Step(task.name, result, last.refused)
    try:
        step = Step(task.name, Result.DONE, task.make(dataset))
        refused = ""
    except UsageError as error:
        step = Step(task.name, Result.FAILED, str(error), error.hint)
        refused = str(error)
    # What it wrote may be among what it depends on: a split keeps its settings.
    table.save({task.name: _Made(_state_of(dataset.storage, task.inputs), refused)})
    return step


def _refresh(dataset: Dataset) -> str:
    from deepfake_dataset.commands.review import refresh_queue

    refresh_queue(dataset.storage)
    return ""


def _split(dataset: Dataset) -> str:
    from deepfake_dataset.commands.split import split_dataset

    split_dataset(dataset.root)
    return ""


def _train(dataset: Dataset) -> str:
    """Train, and say how it compares with the last time."""
    from deepfake_dataset.commands.audit import find_dataset_leaks
    from deepfake_dataset.commands.train_baseline import train_baseline

    before = _last_auc(dataset.storage)
    trained = train_baseline(dataset.root, audit=lambda asked: find_dataset_leaks(asked).refuse())
    auc = trained.report.per_video_by_mean.auc.value
    last = "none before" if before is None else f"{before:.3f} before"
    return "no AUC" if auc is None else f"AUC a video {auc:.3f}, {last}"


def _last_auc(storage: Storage) -> float | None:
    """Of the training that was written last, over whole videos."""
    reports = (
        storage.stat(f"{layout.MODELS}{run}/{layout.MODEL_REPORT}")
        for run in storage.folders(layout.MODELS)
    )
    newest = max(filter(None, reports), key=lambda report: report.modified_s, default=None)
    if newest is None:
        return None
    value = json.loads(storage.get(newest.key))["per_video_by_mean"]["auc"]["value"]
    return None if value is None else float(value)


def _state_of(storage: Storage, inputs: Iterable[str]) -> str:
    """Changes with every object under these keys and directly below these prefixes.

    Another way of writing it down would have every dataset split and trained on once more.
    """
    digest = hashlib.sha256()
    for key in inputs:
        for state in _states(storage, key):
            digest.update(f"{key.rstrip('/')} {state}\n".encode())
    return digest.hexdigest()


def _states(storage: Storage, key: str) -> Iterator[str]:
    if key.endswith("/"):
        for entry in storage.entries(key):
            name = entry.key.removeprefix(key)
            if "/" not in name:
                yield f"{name} {entry.version}"
    elif found := storage.stat(key):
        yield found.version
