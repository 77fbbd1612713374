"""What people read of runs that nobody watches, and of what keeps a dataset whole."""

from collections.abc import Iterator

from deepfake_dataset.cli.console import say
from deepfake_dataset.commands.follow_up import Result, Step
from deepfake_dataset.commands.prune import Pruned
from deepfake_dataset.commands.retry import Retried
from deepfake_dataset.commands.run import RunSummary
from deepfake_dataset.commands.status import Upkeep
from deepfake_dataset.commands.verify import Verified
from deepfake_dataset.dataset.integrity import HINTS, Problem

_SHOWN = 20
"""Problems listed in full; --json has all of them."""


def print_run(summary: RunSummary) -> None:
    """One line; and what a person must know, once."""
    for step in summary.steps:
        if step.result is Result.FAILED:
            say(f"error: no {step.name}: {step.message}\nhint: {step.hint}")
    say(", ".join(_parts(summary)) + f" ({summary.seconds:.1f} s)")


def _parts(summary: RunSummary) -> Iterator[str]:
    extraction = summary.extraction
    held, done = extraction.all, extraction.done
    yield f"{done.videos} done, {done.faces} faces"
    for number, what in (
        (summary.failed, "failed"),
        (extraction.failed_again, "of them again"),
        (extraction.unsettled, "still being written"),
        (extraction.renamed, "renamed"),
        (extraction.replaced, "replaced"),
        (extraction.gone, "gone"),
        (extraction.relabelled, "relabelled"),
        (extraction.left, "left for the next run"),
    ):
        if number:
            yield f"{number} {what}"
    yield f"{held.videos} videos, {held.faces} faces in all"
    if extraction.given_up:
        yield f"{extraction.given_up} given up"
    yield from filter(None, map(_told, summary.steps))


def _told(step: Step) -> str:
    if step.result is Result.CURRENT:
        return ""
    return f"{step.name} {step.result}" + (f": {step.message}" if step.ok and step.message else "")


def print_upkeep(upkeep: Upkeep) -> None:
    """What became of the sources, where anything did; and what was given up."""
    moved = [("renamed", upkeep.renamed), ("replaced", upkeep.replaced), ("gone", upkeep.gone)]
    if any(number for _, number in moved):
        parts = [f"{number} {what}" for what, number in moved if number]
        say(f"sources {upkeep.in_place + upkeep.renamed} in place; {', '.join(parts)}")
    if upkeep.given_up:
        say(f"failed  {upkeep.given_up} given up after three runs")


def print_retried(retried: Retried) -> None:
    """How many were tried again, and how it went."""
    ok = sum(cell.videos for cell in retried.done.cells if cell.status == "ok")
    tried = retried.done.videos
    say(f"{retried.failed} failed videos, {tried} tried again, {ok} of them well")
    if retried.elsewhere:
        say(f"{retried.elsewhere} are not where they were: the next run that finds them tries them")


def print_pruned(pruned: Pruned) -> None:
    """What was taken out, or would be."""
    for video in pruned.videos:
        say(f"{video.path}  {video.fate}, {video.faces} faces")
    faces = sum(video.faces for video in pruned.videos)
    what = "taken out" if pruned.done else "would be taken out with --yes"
    say(f"{len(pruned.videos)} videos and {faces} faces {what}, {pruned.kept} videos stay")


def print_verified(verified: Verified, *, repair: bool) -> None:
    """What was looked at and what is wrong."""
    for problem in verified.left[:_SHOWN]:
        say(_problem(problem))
    if len(verified.left) > _SHOWN:
        say(f"… and {len(verified.left) - _SHOWN} more; --json lists all")
    mended = len(verified.problems) - len(verified.left)
    say(
        f"{verified.records} records and {verified.crops} crops"
        f" ({verified.bytes / 1e6:.1f} MB) read, {len(verified.left)} wrong"
        + (f", {mended} mended" if repair else "")
    )


def _problem(problem: Problem) -> str:
    what = f"{problem.flaw}: {problem.detail}" if problem.detail else str(problem.flaw)
    return f"{problem.path}\n  {what}\n  hint: {HINTS[problem.flaw]}"
