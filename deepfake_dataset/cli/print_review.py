"""Prints what people read of a review: how far it is, its queue, what a table came to."""

import sys
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from deepfake_dataset.cli.console import say
from deepfake_dataset.commands.review_status import LabelReview, ReviewStatus

if TYPE_CHECKING:
    from deepfake_dataset.commands.review import QueueSummary
    from deepfake_dataset.review.apply_edited_csv import AppliedDecisions


def print_review_status(reviewed: ReviewStatus) -> None:
    """A line for each label, and what waits."""
    for cell in reviewed.cells:
        say(f"review  {cell.label}: {_counts(cell)}")
    if reviewed.gone:
        say(f"        {reviewed.gone} decisions on faces that are no longer in the dataset")


def _counts(cell: LabelReview) -> str:
    parts = [f"{cell.reviewed} reviewed", f"{cell.open} open", f"{cell.rejected} rejected"]
    others = {"fixed": cell.fixed, "relabelled": cell.relabelled, "to confirm": cell.to_confirm}
    return ", ".join(parts + [f"{number} {name}" for name, number in others.items() if number])


def print_queue(queue: "QueueSummary") -> None:
    """Where the queue is, and how long its first part."""
    say(
        f"{queue.path}: {queue.faces} faces, worst first;"
        f" {queue.suspects} with a reason to look at them"
    )


def print_applied_decisions(applied: "AppliedDecisions") -> None:
    """What came of a table."""
    say(f"{applied.made} decisions made, {applied.known} stood already")
    if applied.overruled:
        say(f"{applied.overruled} of them overrule what was decided since the table was written")


class MeasuringBar:
    """A bar over the videos whose crops are measured, where there is a terminal."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, of: int) -> None:
        """So many videos are measured, of so many."""
        if self._bar is None:
            quiet = not sys.stderr.isatty()
            self._bar = tqdm(total=of, unit="video", file=sys.stderr, disable=quiet)
        self._bar.update(done - self._bar.n)
