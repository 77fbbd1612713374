"""What people read of a dataset: a closing table, and what went wrong."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from deepfake_dataset.cli.console import hint_of, say
from deepfake_dataset.dataset.catalog.index import Count, VideoSummary
from deepfake_dataset.dataset.totals import Cell, Summary, Totals
from deepfake_dataset.report.plurals import plural


def print_errors(summaries: Sequence[VideoSummary]) -> None:
    """Each failed or refused video, why, and what to do."""
    for summary in summaries:
        say(f"{summary.path}\n  {summary.error}: {summary.message}")
        say(f"  hint: {hint_of(summary.error)}")
    if not summaries:
        say("no errors")


def print_summary(summary: Summary, dataset: Path) -> None:
    """What a run did, and what the dataset holds now."""
    done = summary.done
    parts = [
        f"{plural(summary.found, 'video')} found",
        f"{done.videos} done",
        f"{summary.known} known",
        *_if_any(summary.relabelled, "relabelled"),
        *_if_any(summary.duplicates, "duplicates"),
        *_if_any(summary.skipped, "other files passed over"),
    ]
    say(", ".join(parts))
    if done.videos:
        print_totals(done)
    if done.videos != summary.all.videos:
        held = f"{plural(summary.all.videos, 'video')} and {plural(summary.all.faces, 'face')}"
        say(f"{dataset} now holds {held}")
    if done.errors:
        say(f"dsbuild errors -d {dataset} says what went wrong")


def print_totals(totals: Totals) -> None:
    """Videos by label and status; scenes, faces, and samples without a face by reason."""
    for line in _table(totals.cells):
        say(line)
    say(f"scenes  {_listed(totals.scenes)}")
    misses = sum(count.number for count in totals.misses)
    reasons = f" ({_listed(totals.misses, total=False)})" if misses else ""
    say(f"faces   {totals.faces}; {misses} sampled frames without one{reasons}")
    if totals.frames_corrupt or totals.packets_damaged:
        say(
            f"damage  {totals.frames_corrupt} of {totals.frames} frames not used,"
            f" {totals.packets_damaged} packets skipped"
        )
    if totals.errors:
        say(f"errors  {_listed(totals.errors, total=False)}")


def _table(cells: Iterable[Cell]) -> list[str]:
    rows = [("label", "status", "videos", "faces")]
    rows += [(c.label, c.status, str(c.videos), str(c.faces)) for c in cells]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return [
        f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}  {d:>{widths[3]}}"
        for a, b, c, d in rows
    ]


def _listed(counts: Sequence[Count], total: bool = True) -> str:
    parts = ", ".join(f"{count.number} {count.name}" for count in counts)
    if not total:
        return parts
    whole = sum(count.number for count in counts)
    return f"{whole} ({parts})" if counts else "0"


def _if_any(count: int, what: str) -> list[str]:
    return [f"{count} {what}"] if count else []
