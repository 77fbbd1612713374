"""The application that commands register with, and the options that they share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from deepfake_dataset.settings import FIELDS

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="From a folder of real and forged videos to aligned faces that can be trusted.",
)

DatasetOption = Annotated[
    Path, typer.Option("-d", "--dataset", metavar="DATASET", help="Folder of the dataset.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One line of JSON on stdout.")]


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Take the options that stand before any command."""
    if debug:
        from deepfake_dataset.baseline.keras_backend import show_start_up

        show_start_up()


def setting(flag: str, name: str, metavar: str) -> Any:
    """An option that sets a field of dsbuild.toml."""
    field = FIELDS[name]
    help_ = f"{field.metadata['help'].capitalize()}. [default: {field.default}]"
    return typer.Option(flag, metavar=metavar, help=help_)
