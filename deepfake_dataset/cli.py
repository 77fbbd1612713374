"""The command line: parse, call one function, print its summary.

People's text goes to stderr; ``--json`` prints one machine-readable line on stdout.
Exit codes: 0 all well, 1 usage or settings, 2 some videos failed and the rest is
committed, 75 another run holds the dataset, 130 interrupted.
"""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from deepfake_dataset.console import Bar, print_errors, print_json, print_summary, print_totals, say
from deepfake_dataset.errors import DsbuildError, UsageError
from deepfake_dataset.settings import ExtractSettings, RunSettings

SOME_FAILED = 2
INTERRUPTED = 130

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


def _help_of(settings: type[ExtractSettings] | type[RunSettings], name: str) -> str:
    field = settings.__dataclass_fields__[name]
    return f"{field.metadata['help'].capitalize()}. [default: {field.default}]"


def _extract_option(flag: str, name: str, metavar: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=_help_of(ExtractSettings, name))


def _run_option(flag: str, name: str, metavar: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=_help_of(RunSettings, name))


@app.command()
def extract(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEOS…", help="Files and folders.")],
    dataset: DatasetOption,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="path,label,method,target,donor for the videos."),
    ] = None,
    detector: Annotated[str | None, _extract_option("--detector", "detector", "NAME")] = None,
    landmarks: Annotated[int | None, _extract_option("--landmarks", "landmarks", "68|5")] = None,
    faces: Annotated[str | None, _extract_option("--faces", "faces", "target|all")] = None,
    faces_per_scene: Annotated[
        int | None, _extract_option("--faces-per-scene", "faces_per_scene", "N")
    ] = None,
    size: Annotated[int | None, _extract_option("--size", "size_px", "PX")] = None,
    margin: Annotated[float | None, _extract_option("--margin", "margin", "X")] = None,
    min_face: Annotated[int | None, _extract_option("--min-face", "min_face_px", "PX")] = None,
    min_size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Smaller videos are refused.")
    ] = None,
    min_duration: Annotated[
        float | None, _extract_option("--min-duration", "min_duration_s", "S")
    ] = None,
    workers: Annotated[int | None, _run_option("--workers", "workers", "N")] = None,
    time_limit: Annotated[float | None, _run_option("--time-limit", "time_limit_s", "S")] = None,
    memory_limit: Annotated[
        int | None, _run_option("--memory-limit", "memory_limit_mb", "MB")
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Do failed videos again.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Hash known files again.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Extract faces from new videos; known ones cost nothing.

    Settings given here are kept in the dataset's dsbuild.toml.
    """
    from deepfake_dataset.commands import extract_faces

    min_width, min_height = _parse_size(min_size)
    with Bar() as bar:
        summary = extract_faces(
            videos,
            dataset,
            labels=labels,
            verify=verify,
            retry=retry,
            tell=bar.show,
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


@app.command()
def status(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """Show what a dataset holds."""
    from deepfake_dataset.commands import read_status

    totals = read_status(dataset)
    print_totals(totals)
    if as_json:
        print_json(totals)


@app.command()
def errors(dataset: DatasetOption, as_json: JsonOption = False) -> None:
    """List the videos that failed or were refused, why, and what to do."""
    from deepfake_dataset.commands import read_errors

    listed = read_errors(dataset)
    print_errors(listed)
    if as_json:
        print_json(listed)


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
    from deepfake_dataset.commands import draw_dataset, draw_sheet

    drawn = draw_sheet(video, dataset, output) if video else draw_dataset(dataset, output)
    typer.echo(os.fsencode(drawn))  # a name may hold bytes that are not UTF-8


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where everything goes.")] = Path("demo"),
    as_json: JsonOption = False,
) -> None:
    """Film a few videos on the spot, forge them, and make a dataset of them."""
    from deepfake_dataset.commands import make_demo

    say("filming twelve videos of three people …")
    with Bar() as bar:
        made = make_demo(folder, bar.show)
    print_summary(made.summary, made.dataset)
    say(f"videos   {made.videos}\ndataset  {made.dataset}\nlook at  {made.sheet}")
    if as_json:
        print_json(made.summary)


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


def _parse_size(text: str | None) -> tuple[int | None, int | None]:
    if text is None:
        return None, None
    width, _, height = text.lower().replace("×", "x").partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UsageError(f"--min-size {text} is not a size", "write it as 854x480")
    return int(width), int(height)
