"""``dsbuild run``, ``retry`` and ``prune``: what keeps a dataset going."""

from pathlib import Path
from typing import Annotated

import typer

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app
from deepfake_dataset.cli.console import Bar, print_json, say_failure
from deepfake_dataset.errors import UsageError

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}

WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait where another run holds the dataset.")
]


@app.command()
def run(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEOS…", help="Files and folders.")],
    dataset: DatasetOption,
    labels: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="path,label,method,target,donor for the videos."),
    ] = None,
    split: Annotated[bool, typer.Option("--split", help="Write manifests as well.")] = False,
    train: Annotated[bool, typer.Option("--train", help="Train a baseline as well.")] = False,
    settle: Annotated[
        str, typer.Option(metavar="TIME", help="Leave files written to this recently.")
    ] = "60s",
    grace: Annotated[
        str, typer.Option(metavar="TIME", help="For videos in hand when asked to end.")
    ] = "60s",
    wait: WaitOption = False,
    metrics: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Numbers for Prometheus go here.")
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log lines of JSON.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take in what is new and refresh what depends on it: for cron, where nobody watches.

    Failed videos are tried in three runs, then given up (dsbuild retry). The log is in
    logs/ of the dataset.
    """
    from deepfake_dataset.cli.print_upkeep import print_run
    from deepfake_dataset.commands.run import run_unattended

    summary = run_unattended(
        videos,
        dataset,
        labels=labels,
        settle_s=_seconds("--settle", settle),
        grace_s=_seconds("--grace", grace),
        wait=wait,
        split=split,
        train=train,
        metrics=metrics,
        log_json=log_json,
        on_progress=say_failure,
    )
    print_run(summary)
    if as_json:
        print_json(summary)
    raise typer.Exit(summary.exit_code)


@app.command()
def retry(
    dataset: DatasetOption,
    code: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Only videos with this error.")
    ] = None,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Try failed videos again, given up or not."""
    from deepfake_dataset.cli.print_upkeep import print_retried
    from deepfake_dataset.commands.retry import retry_failed

    with Bar() as bar:
        retried = retry_failed(dataset, codes=code or (), wait=wait, on_progress=bar.show)
    print_retried(retried)
    if as_json:
        print_json(retried)
    raise typer.Exit(retried.exit_code)


@app.command()
def prune(
    dataset: DatasetOption,
    really: Annotated[bool, typer.Option("--yes", help="Do it; else it is only listed.")] = False,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """List the videos whose files are gone or replaced; with --yes, take them out."""
    from deepfake_dataset.cli.print_upkeep import print_pruned
    from deepfake_dataset.commands.prune import prune_dataset

    pruned = prune_dataset(dataset, really=really, wait=wait)
    print_pruned(pruned)
    if as_json:
        print_json(pruned)


@app.command()
def verify(
    dataset: DatasetOption,
    repair: Annotated[
        bool, typer.Option("--repair", help="Delete orphans, do damaged videos again.")
    ] = False,
    wait: WaitOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check every record, crop and manifest against its hash; exit code 2 where one is wrong."""
    from deepfake_dataset.cli.print_upkeep import print_verified
    from deepfake_dataset.commands.verify import verify_dataset

    with Bar() as bar:
        verified = verify_dataset(dataset, repair=repair, wait=wait, on_progress=bar.show)
    print_verified(verified, repair=repair)
    if as_json:
        print_json(verified)
    raise typer.Exit(verified.exit_code)


def _seconds(option: str, text: str) -> float:
    """Seconds of 90, 90s, 5m or 1h."""
    number = text.rstrip("smh")
    unit = _UNITS.get(text.removeprefix(number))
    try:
        seconds = float(number) * (unit or 0)
    except ValueError:
        unit = None
    if unit is None or not 0 <= seconds < float("inf"):
        raise UsageError(f"{option} {text} is not a time", "write it as 90s, 5m or 1h")
    return seconds
