"""``dsbuild sheet``."""

import os
from pathlib import Path
from typing import Annotated

import typer

from deepfake_dataset.cli.app import DatasetOption, app


@app.command()
def sheet(
    dataset: DatasetOption,
    video: Annotated[
        str | None, typer.Argument(help="Its file, its path in the dataset, or its id.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="PNG", help="Default: below reports/."),
    ] = None,
) -> None:
    """Draw a contact sheet: one video's scenes, boxes and crops, or a row for every video."""
    from deepfake_dataset.commands.sheet import draw_dataset, draw_sheet

    drawn = draw_sheet(video, dataset, output) if video else draw_dataset(dataset, output)
    typer.echo(os.fsencode(drawn))  # a name may hold bytes that are not UTF-8
