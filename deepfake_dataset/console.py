"""What people read on a terminal: a bar, a line for each failure, a closing table."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from tqdm import tqdm

from deepfake_dataset.briefs import Brief, Count
from deepfake_dataset.commands import Progress
from deepfake_dataset.errors import VIDEO_ERRORS, VideoError
from deepfake_dataset.records import Status, Video
from deepfake_dataset.schema import to_row
from deepfake_dataset.tallies import Cell, Summary, Totals


def say(text: str) -> None:
    """One message to people, on stderr, above the bar if there is one."""
    tqdm.write(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """A record, or a list of them, as one line on stdout."""
    row = [to_row(item) for item in value] if isinstance(value, list) else to_row(value)
    sys.stdout.write(json.dumps(row) + "\n")


class Bar:
    """A progress bar where there is a terminal; failures are told in any case."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._faces = 0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Advance by the video that has ended."""
        if self._bar is None:
            self._bar = tqdm(
                total=progress.to_do,
                unit="video",
                file=sys.stderr,
                disable=not sys.stderr.isatty() or not progress.to_do,
                dynamic_ncols=True,
            )
        if progress.video is None:
            return
        self._faces += len(progress.video.faces)
        rate = self._faces / max(1e-9, time.monotonic() - self._began)
        self._bar.set_postfix_str(f"{self._faces} faces, {rate:.1f} faces/s", refresh=False)
        self._bar.update()
        if progress.video.status is not Status.OK:
            say(_failure(progress.video))


def _failure(video: Video) -> str:
    return f"{video.path}: {video.message}\n  hint: {_hint(video.error)}"


def _hint(code: str) -> str:
    """What to do; a record of a later version may have a code that is not known here."""
    return VIDEO_ERRORS.get(code, VideoError).hint


def print_errors(briefs: Sequence[Brief]) -> None:
    """Each failed or refused video, why, and what to do."""
    for brief in briefs:
        say(f"{brief.path}\n  {brief.error}: {brief.message}")
        say(f"  hint: {_hint(brief.error)}")
    if not briefs:
        say("no errors")


def print_summary(summary: Summary, dataset: Path) -> None:
    """What a run did, and what the dataset holds now."""
    done = summary.done
    parts = [
        f"{_videos(summary.found)} found",
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
        say(f"{dataset} now holds {_videos(summary.all.videos)} and {summary.all.faces} faces")
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
    number = sum(count.number for count in counts)
    return f"{number} ({parts})" if counts else "0"


def _videos(number: int) -> str:
    return f"{number} video{'' if number == 1 else 's'}"


def _if_any(number: int, what: str) -> list[str]:
    return [f"{number} {what}"] if number else []
