"""``dsbuild demo``."""

from pathlib import Path
from typing import Annotated

import typer

from deepfake_dataset.cli.app import JsonOption, app
from deepfake_dataset.cli.console import Bar, print_json, say
from deepfake_dataset.cli.print_totals import print_summary


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where everything goes.")] = Path("demo"),
    as_json: JsonOption = False,
) -> None:
    """Film a few videos on the spot, forge them, and make a dataset of them."""
    from deepfake_dataset.commands.demo import make_demo

    say("filming twelve videos of three people …")
    with Bar() as bar:
        made = make_demo(folder, bar.show)
    print_summary(made.summary, made.dataset)
    say(f"videos   {made.videos}\ndataset  {made.dataset}\nlook at  {made.sheet}")
    if as_json:
        print_json(made.summary)
