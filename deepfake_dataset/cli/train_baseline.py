"""``dsbuild train-baseline``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from tqdm import tqdm

from deepfake_dataset.cli.app import JsonOption, app
from deepfake_dataset.cli.console import print_json, say

if TYPE_CHECKING:
    from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
    from deepfake_dataset.baseline.training.train import TrainingProgress
    from deepfake_dataset.commands.train_baseline import TrainedBaseline


@app.command()
def train_baseline(
    dataset: Annotated[
        Path | None,
        typer.Option("-d", "--dataset", metavar="DATASET", help="Dataset with manifests."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Faces made elsewhere: one subfolder a class."),
    ] = None,
    recipe: Annotated[
        str, typer.Option(metavar="NAME", help="best, mesonet, paper or notebook.")
    ] = "best",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a number of the recipe."),
    ] = None,
    run: Annotated[
        str | None, typer.Option(metavar="NAME", help="Folder below models. [default: numbered]")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="H5", help="Weights to start from.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="p_real from which on a face counts as real.")
    ] = 0.5,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a kill.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Train although the test set leaks.")
    ] = False,
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Half precision, for GPUs that are faster with it.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a meso-CNN on the manifests and score it on faces held back."""
    from deepfake_dataset.commands.audit import find_dataset_leaks
    from deepfake_dataset.commands.train_baseline import train_baseline as train

    def refuse_overlap(root: Path) -> None:
        find_dataset_leaks(root).refuse()

    with TrainingBar() as bar:
        baseline = train(
            dataset,
            images=images,
            recipe=recipe,
            changes=changes or (),
            run=run,
            weights=weights,
            threshold=threshold,
            resume=resume,
            force=force,
            mixed=mixed,
            audit=refuse_overlap,
            on_progress=bar.show,
        )
    _print(baseline)
    if as_json:
        print_json(baseline)


class TrainingBar:
    """A bar over all updates on a terminal; a line an epoch in any case."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: "TrainingProgress") -> None:
        """Advance by an update, or tell what an epoch came to."""
        if self._bar is None:
            self._bar = tqdm(
                total=progress.epochs * progress.updates,
                initial=(progress.epoch - 1) * progress.updates,
                unit="batch",
                file=sys.stderr,
                disable=not sys.stderr.isatty(),
                dynamic_ncols=True,
            )
        if progress.ended is None:
            self._bar.set_postfix_str(f"loss {progress.loss:.3f}", refresh=False)
            self._bar.update()
        else:
            epoch = progress.ended
            figures = {
                "loss": epoch.loss,
                "val loss": epoch.val_loss,
                "val accuracy": epoch.val_accuracy,
                "val video AUC": epoch.val_video_auc,
            }
            told = [f"{name} {value:.3f}" for name, value in figures.items() if value is not None]
            say(f"epoch {epoch.epoch}/{progress.epochs}  " + "  ".join(told))


def _print(baseline: "TrainedBaseline") -> None:
    about, report = baseline.report.about, baseline.report
    if baseline.unreadable:
        from deepfake_dataset.baseline.data.unreadable_images import name_first_few

        named = name_first_few(baseline.unreadable)
        say(f"{len(baseline.unreadable)} unreadable images left out: {named}")
    faces, videos = report.per_frame, report.per_video_by_mean
    say(
        f"{about.model}, recipe {about.recipe}: trained on {about.trained_on} faces,"
        f" {baseline.epochs} epochs; tested on {faces.rows} faces of {faces.videos} videos"
    )
    say(f"{'':18}{'per face':>22}{'per video':>22}")
    for name in ("forged", "real", "total", "balanced", "auc", "equal_error_rate"):
        cells = "".join(f"{_cell(getattr(scores, name)):>22}" for scores in (faces, videos))
        say(f"{name.replace('_', ' '):18}{cells}")
    for name in ("calibration_error", "confidence_error"):
        say(f"{name.replace('_', ' '):18}{_cell(getattr(faces, name)):>22}")
    fitted = report.calibration
    say(
        f"temperature {fitted.temperature:.2f}, bias {fitted.bias:+.2f}; report in"
        f" {baseline.run}/report.html"
    )


def _cell(estimate: "Estimate") -> str:
    if estimate.value is None:
        return "–"
    interval = "" if estimate.low is None else f" ({estimate.low:.3f}–{estimate.high:.3f})"
    return f"{estimate.value:.3f}{interval}"
