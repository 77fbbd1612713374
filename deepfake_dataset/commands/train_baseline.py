"""``dsbuild train-baseline``: a meso-CNN on a dataset's manifests, or on folders of faces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.manifest import parse_manifest
from deepfake_dataset.errors import ImagesError, UsageError
from deepfake_dataset.storage.base import Storage
from deepfake_dataset.storage.local import LocalStorage
from deepfake_dataset.storage.paths import StrPath, optional_path

if TYPE_CHECKING:
    from deepfake_dataset.baseline.data.examples import Examples
    from deepfake_dataset.baseline.report.report_json import BaselineReport
    from deepfake_dataset.baseline.training.recipes import Recipe
    from deepfake_dataset.baseline.training.run_folder import RunFolder
    from deepfake_dataset.baseline.training.train import TrainingProgress

Audit = Callable[[Path], None]
"""Raises LeakError where the manifests of the dataset in a folder share faces."""

HELD_BACK = (0.15, 0.15)
"""Shares of each class's faces for validation and for the test, where nobody has split them."""


@dataclass(frozen=True, slots=True)
class TrainedBaseline:
    """What a training came to."""

    run: str
    """Its folder."""
    epochs: int
    unreadable: tuple[str, ...]
    """Images that were passed over."""
    report: "BaselineReport"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Faces to train on, to choose by and to test on."""

    training: "Examples"
    validation: "Examples"
    test: "Examples"
    unreadable: tuple[str, ...] = ()


def train_baseline(
    dataset: StrPath | None = None,
    *,
    images: StrPath | None = None,
    recipe: str = "best",
    changes: Sequence[str] = (),
    run: str | None = None,
    weights: StrPath | None = None,
    threshold: float = 0.5,
    resume: bool = False,
    force: bool = False,
    mixed: bool = False,
    audit: Audit | None = None,
    on_progress: Callable[["TrainingProgress"], None] = lambda _: None,
) -> TrainedBaseline:
    """Train a network, score it on faces held back, and write ``models/<run>/``.

    ``dataset`` needs the manifests ``train.csv`` and ``test.csv``; without ``val.csv`` some
    groups of ``train.csv`` are held back for validation. With ``images``, a folder with one
    subfolder a class, both are held back by group; runs are then written below ``dataset`` if
    that is given, else below the working folder. ``changes`` are ``name=value`` of the recipe,
    ``weights`` are started from. ``run`` names the folder; else it is the recipe's name with the
    next free number, or with ``resume`` the last one.

    Raises :class:`LeakError` where training and test share faces, unless ``force``;
    :class:`UsageError` for all else that is amiss.
    """
    from deepfake_dataset.baseline.training.recipes import recipe as named
    from deepfake_dataset.baseline.training.run_folder import save_model, write_recipe
    from deepfake_dataset.baseline.training.train import train

    dataset = optional_path(dataset, "dataset")
    images = optional_path(images, "images")
    asked = named(recipe, changes)
    sides = _sides(dataset, images, asked, force=force, audit=audit)
    folder = _run_folder(LocalStorage(dataset or Path()), recipe, run, resume=resume)
    write_recipe(folder, asked)
    network = train(
        sides.training,
        sides.validation,
        asked,
        folder,
        weights=optional_path(weights, "weights"),
        resume=resume,
        mixed=mixed,
        on_progress=on_progress,
    )
    save_model(folder, network, levelled=asked.levelled)
    return _score(folder, recipe, asked, network, sides, threshold)


def _run_folder(storage: Storage, recipe: str, name: str | None, *, resume: bool) -> "RunFolder":
    """Where the run's files go: what is named, or the next free number."""
    from deepfake_dataset.baseline.training.run_folder import RunFolder

    known = set(storage.folders(layout.MODELS))
    last = max((n for n in range(1, 10_000) if f"{recipe}-{n}" in known), default=0)
    name = name or f"{recipe}-{max(1, last) if resume else last + 1}"
    run = RunFolder(storage, layout.run_prefix(name))
    if run.has(layout.CHECKPOINT) and not resume:
        raise UsageError(
            f"{run.location()} holds a training already",
            "go on with it with --resume, name another with --run, or delete the folder",
        )
    return run


def _sides(
    dataset: Path | None,
    images: Path | None,
    recipe: "Recipe",
    *,
    force: bool,
    audit: Audit | None,
) -> TrainingData:
    """The faces of each side, without those that cannot be read."""
    from deepfake_dataset.baseline.data.examples import need_both_classes
    from deepfake_dataset.baseline.data.unreadable_images import split_readable

    if images is not None:
        sides = _of_folder(images, recipe)
    elif dataset is not None:
        sides = _of_manifests(dataset, recipe, force=force, audit=audit)
    else:
        raise UsageError("nothing to train on", "name a dataset with -d, or faces with --images")
    named = {"training": sides.training, "validation": sides.validation, "test": sides.test}
    for name, examples in named.items():
        need_both_classes(examples, f"the {name} set")
    sound, bad = zip(*map(split_readable, named.values()), strict=True)
    training, validation, test = sound
    return TrainingData(training, validation, test, unreadable=sum(bad, ()))


def _of_folder(folder: Path, recipe: "Recipe") -> TrainingData:
    from deepfake_dataset.baseline.data.class_folders import read_class_folders
    from deepfake_dataset.baseline.data.validation_split import hold_back_groups

    examples = read_class_folders(folder)
    training, validation, test = hold_back_groups(examples, HELD_BACK, recipe.seed)
    return TrainingData(examples.at(training), examples.at(validation), examples.at(test))


def _of_manifests(
    root: Path, recipe: "Recipe", *, force: bool, audit: Audit | None
) -> TrainingData:
    from deepfake_dataset.baseline.data.train_test_overlap import refuse_overlap
    from deepfake_dataset.baseline.data.validation_split import hold_back_groups

    storage = Dataset.open(root).storage
    train_csv, test_csv, val_csv = map(layout.manifest_key, layout.SIDES)
    for key in (train_csv, test_csv):
        if storage.stat(key) is None:
            hint = f"dsbuild split -d {root} makes it"
            raise ImagesError(f"{storage.location(key)} is missing", hint)
    training, test = _read_manifest(storage, train_csv), _read_manifest(storage, test_csv)
    if storage.stat(val_csv) is not None:
        validation = _read_manifest(storage, val_csv)
    else:
        rows = hold_back_groups(training, HELD_BACK[:1], recipe.seed)
        training, validation = (training.at(part) for part in rows)
    if not force:
        refuse_overlap(training, validation, "validation")
        refuse_overlap(training, test, "test")
        if audit:
            audit(root)
    return TrainingData(training, validation, test)


def _read_manifest(storage: Storage, key: str) -> "Examples":
    from deepfake_dataset.baseline.data.examples import manifest_examples

    name = storage.location(key)
    return manifest_examples(parse_manifest(storage.get(key), name), name, storage)


def _score(
    run: "RunFolder",
    name: str,
    recipe: "Recipe",
    network: Any,
    sides: TrainingData,
    threshold: float,
) -> TrainedBaseline:
    """Fit the calibration on validation, score the test, write what a run leaves."""
    import keras

    from deepfake_dataset.baseline.models import input_side_px
    from deepfake_dataset.baseline.network.preprocessing_layers import level, with_preprocessing
    from deepfake_dataset.baseline.report.report_json import TrainingSummary
    from deepfake_dataset.baseline.report.write_report import write_report
    from deepfake_dataset.baseline.scoring.calibration import fit_calibration, write_calibration
    from deepfake_dataset.baseline.scoring.predict import predict_examples, read_model_inputs
    from deepfake_dataset.baseline.training.history import read_history

    model = with_preprocessing(network, levelled=recipe.levelled)
    validation = predict_examples(model, sides.validation, resize=recipe.resize)
    calibration = fit_calibration(
        validation.label, validation.p_real, validation.group, bias=recipe.bias
    )
    write_calibration(run, calibration)

    def read_inputs(paths: Sequence[str]) -> NDArray[np.float32]:
        faces = read_model_inputs(sides.test.source, paths, input_side_px(network), recipe.resize)
        return keras.ops.convert_to_numpy(level(faces)) if recipe.levelled else faces

    about = TrainingSummary(
        run=run.name,
        model=recipe.model,
        parameters=network.count_params(),
        recipe=name,
        seed=recipe.seed,
        trained_on=len(sides.training),
        validated_on=len(sides.validation),
        tested_on=len(sides.test),
    )
    report = write_report(
        run,
        about,
        predict_examples(model, sides.test, resize=recipe.resize),
        calibration,
        threshold=threshold,
        network=network,
        read_faces=partial(read_model_inputs, sides.test.source, side_px=input_side_px(network)),
        read_inputs=read_inputs,
    )
    return TrainedBaseline(run.location(), len(read_history(run).epoch), sides.unreadable, report)
