"""``dsbuild status`` and ``dsbuild errors``: what a dataset holds, and what went wrong."""

from pathlib import Path

from deepfake_dataset.briefs import Brief, read_briefs
from deepfake_dataset.dataset import Dataset
from deepfake_dataset.records import Status
from deepfake_dataset.tallies import Totals, totals_of


def read_status(dataset: Path) -> Totals:
    """What a dataset holds.

    Raises :class:`UsageError` where the folder is none.
    """
    return totals_of(read_briefs(Dataset.open(dataset)).values())


def read_errors(dataset: Path) -> list[Brief]:
    """The videos that gave no faces because of an error or a setting, by path."""
    briefs = read_briefs(Dataset.open(dataset)).values()
    return sorted((b for b in briefs if b.status is not Status.OK), key=lambda b: b.path)
