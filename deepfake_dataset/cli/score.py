"""``dsbuild score``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepfake_dataset.cli.app import JsonOption, app, setting
from deepfake_dataset.cli.console import Bar, print_json, say
from deepfake_dataset.cli.extract import SOME_FAILED
from deepfake_dataset.commands.score import score as score_
from deepfake_dataset.report.plurals import plural

if TYPE_CHECKING:
    from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
    from deepfake_dataset.baseline.scoring.face_and_video_scores import ScoringResult


@app.command()
def score(
    model: Annotated[Path, typer.Argument(help="A run's folder, a .keras model, .h5 weights.")],
    given: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A manifest, images, videos, or a dataset.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FOLDER", help="For CSVs and timelines."),
    ] = None,
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="p_real from which on a face counts as real.")
    ] = 0.5,
    workers: Annotated[int | None, setting("--workers", "workers", "N")] = None,
    as_json: JsonOption = False,
) -> None:
    """Score faces and videos with a trained model: p_real is 1 for real, 0 for forged.

    Without --output the CSV goes to stdout: a row a video where videos were given, else a
    row a face.
    """
    with Bar() as bar:
        scored = score_(
            model, given, output=output, threshold=threshold, on_progress=bar.show, workers=workers
        )
    _print(scored)
    if as_json:
        print_json(scored)
    elif output is None:
        sys.stdout.write(_csv(scored))
    if any(video.error for video in scored.videos):
        raise typer.Exit(SOME_FAILED)


def _csv(scored: "ScoringResult") -> str:
    from deepfake_dataset.baseline.scoring.face_and_video_scores import (
        FaceScore,
        VideoScore,
        scores_csv,
    )

    from_videos = any(face.frame is not None for face in scored.faces) or not scored.faces
    if from_videos:
        return scores_csv(scored.videos, VideoScore)
    return scores_csv(scored.faces, FaceScore)


def _print(scored: "ScoringResult") -> None:
    if scored.unreadable:
        from deepfake_dataset.baseline.data.unreadable_images import name_first_few

        named = name_first_few(scored.unreadable)
        say(f"{len(scored.unreadable)} unreadable images left out: {named}")
    told = [video for video in scored.videos if video.p_real is not None]
    real = sum(video.called == "real" for video in told)
    say(
        f"{plural(len(scored.faces), 'face')} of {plural(len(told), 'video')}: {real} called"
        f" real, {len(told) - real} fake, at p_real {scored.threshold:g}"
    )
    if lost := len(scored.videos) - len(told):
        say(f"{plural(lost, 'video')} without a score")
    if scored.per_face and scored.per_video:
        for name in ("balanced", "auc"):
            face, clip = getattr(scored.per_face, name), getattr(scored.per_video, name)
            say(f"{name:10}{_figure(face)} per face  {_figure(clip)} per video")
    if scored.output:
        say(f"written to {scored.output}")


def _figure(estimate: "Estimate") -> str:
    return "–" if estimate.value is None else f"{estimate.value:.3f}"
