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
from deepfake_dataset.errors import ImagesError, UsageError
from deepfake_dataset.storage.paths import StrPath, optional_path

if TYPE_CHECKING:
    from deepfake_dataset.baseline.data.examples import Examples
    from deepfake_dataset.baseline.report.report_json import BaselineReport
    from deepfake_dataset.baseline.training.recipes import Recipe
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
    folder = _folder((dataset or Path()) / layout.MODELS, recipe, run, resume=resume)
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


def _folder(models: Path, recipe: str, run: str | None, *, resume: bool) -> Path:
    """The run's folder, made if it is not there."""
    from deepfake_dataset.baseline.training.checkpoint import CHECKPOINT_FILE
    from deepfake_dataset.storage.os_errors import writing

    taken = {n for n in range(1, 10_000) if (models / f"{recipe}-{n}").exists()}
    last = max(taken, default=0)
    folder = models / (run or f"{recipe}-{max(1, last) if resume else last + 1}")
    if (folder / CHECKPOINT_FILE).exists() and not resume:
        raise UsageError(
            f"{folder} holds a training already",
            "go on with it with --resume, name another with --run, or delete the folder",
        )
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


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
    from deepfake_dataset.baseline.data.examples import read_manifest_examples
    from deepfake_dataset.baseline.data.train_test_overlap import refuse_overlap
    from deepfake_dataset.baseline.data.validation_split import hold_back_groups

    folder = Dataset.open(root).root / layout.MANIFESTS
    train_csv, val_csv, test_csv = (folder / f"{name}.csv" for name in ("train", "val", "test"))
    for file in (train_csv, test_csv):
        if not file.exists():
            raise ImagesError(f"{file} is missing", f"dsbuild split -d {root} makes it")
    training, test = read_manifest_examples(train_csv, root), read_manifest_examples(test_csv, root)
    if val_csv.exists():
        validation = read_manifest_examples(val_csv, root)
    else:
        rows = hold_back_groups(training, HELD_BACK[:1], recipe.seed)
        training, validation = (training.at(part) for part in rows)
    if not force:
        refuse_overlap(training, validation, "validation")
        refuse_overlap(training, test, "test")
        if audit:
            audit(root)
    return TrainingData(training, validation, test)


def _score(
    folder: Path, name: str, recipe: "Recipe", network: Any, sides: TrainingData, threshold: float
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
    write_calibration(folder, calibration)

    def read_inputs(paths: Sequence[str]) -> NDArray[np.float32]:
        faces = read_model_inputs(sides.test.folder, paths, input_side_px(network), recipe.resize)
        return keras.ops.convert_to_numpy(level(faces)) if recipe.levelled else faces

    about = TrainingSummary(
        run=folder.name,
        model=recipe.model,
        parameters=network.count_params(),
        recipe=name,
        seed=recipe.seed,
        trained_on=len(sides.training),
        validated_on=len(sides.validation),
        tested_on=len(sides.test),
    )
    report = write_report(
        folder,
        about,
        predict_examples(model, sides.test, resize=recipe.resize),
        calibration,
        threshold=threshold,
        network=network,
        read_faces=partial(read_model_inputs, sides.test.folder, side_px=input_side_px(network)),
        read_inputs=read_inputs,
    )
    return TrainedBaseline(str(folder), len(read_history(folder).epoch), sides.unreadable, report)
