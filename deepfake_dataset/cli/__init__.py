"""The command line: parse, call one function, print its summary.

People's text goes to stderr; ``--json`` prints one machine-readable line on stdout.
Exit codes: 0 all well, 1 usage or settings, 2 some videos failed and the rest is
committed, 75 another run holds the dataset, 130 interrupted.
"""

import sys
import traceback
from typing import NoReturn

import typer

from deepfake_dataset.cli import (
    audit,
    demo,
    extract,
    review,
    score,
    sheet,
    split,
    status,
    train_baseline,
    unattended,
)
from deepfake_dataset.cli.app import app
from deepfake_dataset.cli.console import say
from deepfake_dataset.errors import DsbuildError, UsageError

INTERRUPTED = 130
COMMANDS = (extract, review, split, audit, status, sheet, train_baseline, score, unattended, demo)
"""A module a family of commands, in the order in which --help lists them."""


def main() -> NoReturn:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; give its exit code. No traceback is shown unless ``--debug`` is given."""
    try:
        code: int = app(arguments or ["--help"], prog_name="dsbuild", standalone_mode=False) or 0
    except (Exception, KeyboardInterrupt) as error:
        if arguments[:1] == ["--debug"]:
            traceback.print_exception(error)
        code = _explain(error)
    if code == INTERRUPTED:
        say("interrupted: what was committed is kept; run the same command again to go on")
    return code


def _explain(error: BaseException) -> int:
    """Tell people what happened; give the exit code."""
    match error:
        case DsbuildError():
            say(f"error: {error}\nhint: {error.hint}")
            return error.exit_code
        case typer.TyperException():
            say(f"error: {error.format_message()}\nhint: see dsbuild --help")
        case KeyboardInterrupt():
            return INTERRUPTED
        case _:
            say(f"error: {type(error).__name__}: {error}")
            say("hint: this is a fault of dsbuild; dsbuild --debug … shows where, please report it")
    return UsageError.exit_code
