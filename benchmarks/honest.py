"""How good the baseline is on faces of groups that it has not seen, recipe beside recipe.

    python benchmarks/honest.py [FOLDER] [--recipes best,mesonet] [--folds 1,2] [--seeds 1,2,3]

FOLDER (default ``../shared/data/mesonet/faces``) holds a subfolder a class and a ``groups.csv``.
The groups of each class are cut into three folds, each of two blocks of neighbours: runs with
numbers next to each other may come from one video, so that they should not be parted. A fold is
tested on by networks trained on the two others, of which 15 % of each class's faces, again by
group, are held back for the calibration. Every recipe has the same training faces and as many
epochs. Most of the recipe ``best`` was chosen on fold 0, which the default leaves out; that it
shows faces in grey and takes 32 epochs was chosen on the two others.

Besides the faces as they are, the networks are scored on them shrunk to 96 pixels, compressed
as JPEG of quality 30, blurred, darkened, brightened and without colour: what differs between
the classes here differs again elsewhere. Runs are kept below ``--runs`` and not done again.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.baseline.data.class_folders import read_class_folders
from deepfake_dataset.baseline.data.examples import Examples
from deepfake_dataset.baseline.data.image_source import ImageFolder
from deepfake_dataset.baseline.data.validation_split import hold_back_groups
from deepfake_dataset.baseline.network.preprocessing_layers import with_preprocessing
from deepfake_dataset.baseline.scoring.accuracy_metrics import compute_metrics
from deepfake_dataset.baseline.scoring.calibration import fit_calibration
from deepfake_dataset.baseline.scoring.predict import predict_examples
from deepfake_dataset.baseline.scoring.predictions import Predictions, videos_by_mean
from deepfake_dataset.baseline.training.recipes import Recipe, recipe
from deepfake_dataset.baseline.training.run_folder import RunFolder
from deepfake_dataset.baseline.training.train import TrainingProgress, train

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "mesonet" / "faces"
FOLDS, BLOCKS = 3, 6
VALIDATION = 0.15
FIGURES = (
    "balanced",
    "forged",
    "real",
    "auc",
    "equal_error_rate",
    "calibration_error",
    "confidence_error",
)

Image = NDArray[np.uint8]


def shrunk(image: Image) -> Image:
    return cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)


def compressed(image: Image) -> Image:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1)


def blurred(image: Image) -> Image:
    return cv2.GaussianBlur(image, (0, 0), 1.5 * image.shape[0] / 256)


def with_gamma(gamma: float) -> Callable[[Image], Image]:
    table = (255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return lambda image: cv2.LUT(image, table)


def colourless(image: Image) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2)


SHIFTS: dict[str, Callable[[Image], Image]] = {
    "as they are": lambda image: image,
    "shrunk to 96": shrunk,
    "JPEG 30": compressed,
    "blurred": blurred,
    "darker": with_gamma(1.7),
    "brighter": with_gamma(0.6),
    "colourless": colourless,
}


@dataclass(frozen=True)
class Row:
    """What one network scored on one fold under one shift; figures a face and a video."""

    recipe: str
    fold: int
    seed: int
    shift: str
    unit: str
    balanced: float
    forged: float
    real: float
    auc: float
    equal_error_rate: float
    calibration_error: float
    confidence_error: float


def folds_of(examples: Examples) -> NDArray[np.int64]:
    """The fold of each face."""
    fold = np.zeros(len(examples), np.int64)
    for label in (0, 1):
        rows = np.flatnonzero(examples.label == label)
        _, number, sizes = np.unique(examples.group[rows], return_inverse=True, return_counts=True)
        middles = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
        blocks = np.minimum((middles * BLOCKS).astype(int), BLOCKS - 1)
        fold[rows] = blocks[number] % FOLDS
    return fold


def shifted(examples: Examples, shift: str, folder: Path) -> Examples:
    """The same faces changed, as PNG below ``folder``; made once."""
    for source, path in zip(examples.locations, examples.path.tolist(), strict=True):
        target = folder / shift.replace(" ", "-") / f"{path}.png"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target), SHIFTS[shift](cv2.imread(source)))
    names = np.array([f"{path}.png" for path in examples.path.tolist()], np.str_)
    return replace(examples, source=ImageFolder(folder / shift.replace(" ", "-")), path=names)


def rows_of(name: str, fold: int, seed: int, shift: str, scored: Predictions) -> Iterator[Row]:
    for unit, predicted in (("face", scored), ("video", videos_by_mean(scored))):
        scores = compute_metrics(predicted, resamples=0)
        figures = {figure: getattr(scores, figure).value for figure in FIGURES}
        yield Row(name, fold, seed, shift, unit, **figures)


def one_run(
    name: str, asked: Recipe, examples: Examples, fold: int, runs: Path, pictures: Path
) -> list[Row]:
    """Train on the other folds, score this one under every shift."""
    side = folds_of(examples)
    rest, test = examples.at(side != fold), examples.at(side == fold)
    part, back = hold_back_groups(rest, (VALIDATION,), seed=fold)
    training, validation = rest.at(part), rest.at(back)
    run = RunFolder.at(runs / f"{name}-{fold}-{asked.seed}")
    network = train(training, validation, asked, run, resume=True, on_progress=_tell)
    model = with_preprocessing(network, levelled=asked.levelled)
    at_validation = predict_examples(model, validation, resize=asked.resize)
    calibration = fit_calibration(
        at_validation.label, at_validation.p_real, validation.group, bias=asked.bias
    )
    found: list[Row] = []
    for shift in SHIFTS:
        scored = predict_examples(model, shifted(test, shift, pictures), resize=asked.resize)
        scored = scored.scored(calibration.apply(scored.p_real))
        found += rows_of(name, fold, asked.seed, shift, scored)
    return found


def _tell(progress: TrainingProgress) -> None:
    if progress.ended:
        print(progress.ended, file=sys.stderr, flush=True)


def kept(file: Path) -> list[Row]:
    if not file.exists():
        return []
    with file.open(newline="") as opened:
        kinds = {f.name: f.type for f in fields(Row)}
        return [
            Row(**{name: kinds[name](value) for name, value in row.items()})  # type: ignore
            for row in csv.DictReader(opened)
        ]


def keep(file: Path, rows: list[Row]) -> None:
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([f.name for f in fields(Row)])
        writer.writerows([getattr(row, f.name) for f in fields(Row)] for row in rows)


def table(rows: list[Row], recipes: list[str]) -> Iterator[str]:
    """Markdown: mean ± standard deviation over folds and seeds."""
    yield f"| faces | unit | recipe | runs | {' | '.join(FIGURES)} |"
    yield "| --- | --- | --- | --- |" + " --- |" * len(FIGURES)
    for shift in (*SHIFTS, "mean of all"):
        for unit in ("face", "video"):
            for name in recipes:
                mine = [r for r in rows if (r.recipe, r.unit) == (name, unit)]
                runs = sorted({(r.fold, r.seed) for r in mine})
                cells = " | ".join(_cell(mine, runs, shift, figure) for figure in FIGURES)
                yield f"| {shift} | {unit} | {name} | {len(runs)} | {cells} |"


def _cell(rows: list[Row], runs: list[tuple[int, int]], shift: str, figure: str) -> str:
    values = [
        np.mean(
            [
                getattr(row, figure)
                for row in rows
                if (row.fold, row.seed) == run and shift in (row.shift, "mean of all")
            ]
        )
        for run in runs
    ]
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}" if values else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--recipes", default="best,mesonet")
    parser.add_argument("--folds", default="1,2")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=0, help="of every recipe; 0 is best's")
    parser.add_argument("--set", nargs="*", default=[], dest="changes")
    parser.add_argument("--runs", type=Path, default=Path(tempfile.gettempdir()) / "honest")
    given = parser.parse_args()
    examples, recipes = read_class_folders(given.folder), given.recipes.split(",")
    epochs = given.epochs or recipe("best").epochs
    given.runs.mkdir(parents=True, exist_ok=True)
    results = given.runs / "results.csv"
    for seed in map(int, given.seeds.split(",")):
        for fold in map(int, given.folds.split(",")):
            for name in recipes:
                rows = kept(results)
                if any((r.recipe, r.fold, r.seed) == (name, fold, seed) for r in rows):
                    continue
                asked = recipe(name, [*given.changes, f"seed={seed}", f"epochs={epochs}"])
                rows += one_run(name, asked, examples, fold, given.runs, given.runs / "pictures")
                keep(results, rows)
    print("\n".join(table(kept(results), recipes)))


if __name__ == "__main__":
    main()
