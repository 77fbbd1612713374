"""``dsbuild split``."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from tqdm import tqdm

from deepfake_dataset.cli.app import DatasetOption, JsonOption, app, setting
from deepfake_dataset.cli.console import print_json, say
from deepfake_dataset.dataset.layout import SPLIT_RECORD
from deepfake_dataset.errors import UsageError
from deepfake_dataset.report.plurals import plural

if TYPE_CHECKING:
    from deepfake_dataset.commands.split import ExplainedGroup, SplitSummary
    from deepfake_dataset.split.links.oversized_groups import OversizedGroup
    from deepfake_dataset.split.manifests.split_record import FaceCount, SetAside

_SHOWN = 10


@app.command()
def split(
    dataset: DatasetOption,
    test: Annotated[float | None, setting("--test", "test_share", "SHARE")] = None,
    val: Annotated[float | None, setting("--val", "val_share", "SHARE")] = None,
    seed: Annotated[int | None, setting("--seed", "split_seed", "N")] = None,
    balance: Annotated[str | None, setting("--balance", "balance", "COLUMNS")] = None,
    bins: Annotated[int | None, setting("--bins", "balance_bins", "N")] = None,
    reviewed_only: Annotated[
        bool | None,
        typer.Option("--reviewed-only/--all-faces", help="Only faces that a person has seen."),
    ] = None,
    positions: Annotated[str | None, setting("--positions", "positions", "NAMES")] = None,
    cut: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B", help="Two videos that only look alike; kept."),
    ] = None,
    assign: Annotated[
        Path | None, typer.Option(metavar="CSV", help="path,side: a split that was given.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew: videos may change sides.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(metavar="VIDEO", help="Say why a video is in its group, and end."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write balanced manifests that do not leak: train.csv, test.csv, val.csv.

    Settings given here are kept in the dataset's dsbuild.toml.
    """
    from deepfake_dataset.cli.audit import print_audit
    from deepfake_dataset.commands.split import explain_video, split_dataset

    if assign and fresh:
        raise UsageError("--assign and --fresh at once", "--assign begins anew by itself")
    with ProgressBar() as bar:
        if explain:
            explained = explain_video(explain, dataset, on_progress=bar.show)
        else:
            summary = split_dataset(
                dataset,
                fresh=fresh,
                assign=assign,
                cuts=cut or (),
                on_progress=bar.show,
                test_share=test,
                val_share=val,
                split_seed=seed,
                balance=balance,
                balance_bins=bins,
                reviewed_only=reviewed_only,
                positions=positions,
            )
    if explain:
        print_explained(explained)
    else:
        print_split(summary, dataset)
        print_audit(summary.audit)
    if as_json:
        print_json(explained if explain else summary)


class ProgressBar:
    """A bar for each part of the work that takes long, where there is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._what = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, what: str, done: int, of: int) -> None:
        """So many are done, of so many."""
        if self._bar is None or what != self._what:
            self.__exit__()
            hidden = not sys.stderr.isatty() or not of
            self._bar = tqdm(total=of, desc=what, file=sys.stderr, disable=hidden)
            self._what = what
        self._bar.update(done - self._bar.n)


def print_split(summary: "SplitSummary", dataset: Path) -> None:
    """The table at the head of the split, then what a person should know."""
    for line in count_table(summary.counts):
        say(line)
    proven = "no other choice of sides is better balanced" if summary.proven else ""
    groups = f"groups  {summary.groups}, the largest of {plural(summary.largest_group, 'video')}"
    say(f"{groups}; {proven}" if proven else groups)
    for moved in summary.moved:
        say(f"moved   {plural(moved.videos, 'video')} from {moved.before} to {moved.now}")
    if any("test" in (moved.before, moved.now) for moved in summary.moved):
        say("        what was trained before cannot be scored on this test set")
    for video in summary.set_aside[:_SHOWN]:
        say(_aside(video))
    if (more := len(summary.set_aside) - _SHOWN) > 0:
        say(f"aside   {plural(more, 'video')} more: see {dataset}/{SPLIT_RECORD}")
    for group in summary.swallowed:
        _print_oversized(group)
    for crop in summary.unusable[:_SHOWN]:
        say(f"crop    {crop}")
    if summary.unusable:
        say(f"        {len(summary.unusable)} crops could not be compared: see dsbuild verify")


def count_table(counts: Iterable["FaceCount"]) -> list[str]:
    """Faces of each class on each side, by resolution."""
    counts = list(counts)
    bins = sorted({count.resolution for count in counts}, key=lambda word: int(word[1:]))
    rows = [("set", "label", *bins, "faces", "surplus")]
    for side, label in dict.fromkeys((count.side, count.label) for count in counts):
        own = {c.resolution: c for c in counts if (c.side, c.label) == (side, label)}
        by_bin = [str(own[b].faces) if b in own else "0" for b in bins]
        sums = (sum(c.faces for c in own.values()), sum(c.surplus for c in own.values()))
        rows.append((side, str(label), *by_bin, *map(str, sums)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(_aligned(row, widths)) for row in rows]


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    words = [f"{cell:<{width}}" for cell, width in zip(row[:2], widths[:2], strict=True)]
    return words + [f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True)]


def _aside(video: "SetAside") -> str:
    where = f" (was in {video.side})" if video.side else ""
    ties = "; ".join(
        f"{tie.reason} ({tie.detail}) with {tie.path}{f' in {tie.side}' if tie.side else ''}"
        for tie in video.ties
    )
    return f"aside   {video.path}{where}: {ties or 'in a group with one that ties two sides'}"


def _print_oversized(group: "OversizedGroup") -> None:
    joins = ", ".join(f"{count.number} {count.name}" for count in group.joins)
    say(f"chain   {plural(group.videos, 'video')} are one group ({joins})")
    for link in group.links:
        if link.largest < group.videos - 1:
            say(
                f"        {link.reason} ({link.detail}) joins {link.joined}; the largest piece"
                f" without it has {link.largest}. If it is wrong: {link.remedy}"
            )


def print_explained(explained: "ExplainedGroup") -> None:
    """The links of a group, from one of its videos on."""
    side = f", in {explained.side}" if explained.side else ""
    videos = len(explained.steps) + 1
    say(f"{explained.path}: group {explained.group_id} of {plural(videos, 'video')}{side}")
    for step in explained.steps:
        join = step.join
        detail = f" ({join.detail})" if join.detail else ""
        say(f"{'  ' * step.distance}{step.video}: {join.reason}{detail} with {step.through}")
