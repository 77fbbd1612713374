"""``dsbuild extract``."""

from pathlib import Path
from typing import Annotated

import typer

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app, setting
from deepfake_dataset.cli.console import Bar, print_json
from deepfake_dataset.cli.print_totals import print_summary
from deepfake_dataset.errors import UsageError

SOME_FAILED = 2


@app.command()
def extract(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEOS…", help="Files and folders.")],
    dataset: DatasetOption,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="path,label,method,target,donor for the videos."),
    ] = None,
    detector: Annotated[str | None, setting("--detector", "detector", "NAME")] = None,
    landmarks: Annotated[int | None, setting("--landmarks", "landmarks", "68|5")] = None,
    faces: Annotated[str | None, setting("--faces", "faces", "target|all")] = None,
    faces_per_scene: Annotated[
        int | None, setting("--faces-per-scene", "faces_per_scene", "N")
    ] = None,
    size: Annotated[int | None, setting("--size", "size_px", "PX")] = None,
    margin: Annotated[float | None, setting("--margin", "margin", "X")] = None,
    min_face: Annotated[int | None, setting("--min-face", "min_face_px", "PX")] = None,
    min_size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Smaller videos are refused.")
    ] = None,
    min_duration: Annotated[float | None, setting("--min-duration", "min_duration_s", "S")] = None,
    workers: Annotated[int | None, setting("--workers", "workers", "N")] = None,
    time_limit: Annotated[float | None, setting("--time-limit", "time_limit_s", "S")] = None,
    memory_limit: Annotated[int | None, setting("--memory-limit", "memory_limit_mb", "MB")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Do failed videos again.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Hash known files again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Extract faces from new videos; known ones cost nothing.

    Settings given here are kept in the dataset's dsbuild.toml.
    """
    from deepfake_dataset.commands.extract import extract_faces

    min_width, min_height = _parse_size(min_size)
    with Bar() as bar:
        summary = extract_faces(
            videos,
            dataset,
            labels=labels,
            verify=verify,
            retry=retry,
            on_progress=bar.show,
            detector=detector,
            landmarks=landmarks,
            faces=faces,
            faces_per_scene=faces_per_scene,
            size_px=size,
            margin=margin,
            min_face_px=min_face,
            min_width=min_width,
            min_height=min_height,
            min_duration_s=min_duration,
            workers=workers,
            time_limit_s=time_limit,
            memory_limit_mb=memory_limit,
        )
    print_summary(summary, dataset)
    if as_json:
        print_json(summary)
    if any(cell.status == "failed" for cell in summary.done.cells):
        raise typer.Exit(SOME_FAILED)


def _parse_size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--min-size {text} is not a size", "write it as 854x480")
    return int(width), int(height)
