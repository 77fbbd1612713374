"""``dsbuild review``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app
from deepfake_dataset.cli.console import print_json, say
from deepfake_dataset.cli.print_review import MeasuringBar, print_applied_decisions, print_queue
from deepfake_dataset.errors import UsageError


@app.command()
def review(
    dataset: DatasetOption,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="CSV", help="Write the queue to this file, and end."),
    ] = None,
    apply: Annotated[
        Path | None,
        typer.Option("--apply", metavar="CSV", help="Take decisions from this file, and end."),
    ] = None,
    reviewer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who decides. [default: the user's name]")
    ] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where the page listens.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="0 takes a free one.")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Look at faces, worst first, and decide: on a local page, or in a spreadsheet.

    Decisions go into review/decisions.csv, which is only ever added to.
    """
    from deepfake_dataset.commands import review as commands

    if export and apply:
        raise UsageError("--export and --apply at once", "apply first, then export what is left")
    with MeasuringBar() as bar:
        if apply:
            applied = commands.apply_review(dataset, apply, reviewer=reviewer, on_progress=bar.show)
            print_applied_decisions(applied)
            answer: Any = applied
        elif export:
            queue = commands.export_queue(dataset, export, on_progress=bar.show)
            answer = queue.summary
            print_queue(answer)
        else:
            session = commands.open_review(dataset, on_progress=bar.show)
    if export or apply:
        if as_json:
            print_json(answer)
        return
    from deepfake_dataset.review.web import serve

    serve(
        session,
        reviewer=reviewer or commands.user_name(),
        host=host,
        port=port,
        open_browser=browser,
        announce=say,
    )
