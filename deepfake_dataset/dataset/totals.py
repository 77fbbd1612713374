"""Totals over many videos, for summaries and ``status``. They reconcile.

Every video is in one cell of label and status; every sampled frame has a face or is in one
of the misses.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from deepfake_dataset.dataset.catalog.index import Count, VideoSummary


@dataclass(frozen=True, slots=True)
class Cell:
    """Videos of one label that ended in one way."""

    label: str
    status: str
    videos: int
    faces: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What some videos gave."""

    videos: int
    cells: tuple[Cell, ...]
    scenes: tuple[Count, ...]
    """By why they began."""
    faces: int
    misses: tuple[Count, ...]
    """Sampled frames without a face, by reason."""
    errors: tuple[Count, ...]
    """Failed and refused videos, by code."""
    frames: int
    frames_corrupt: int
    packets_damaged: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of extraction did."""

    found: int
    """Videos found, known ones included, duplicates not."""
    duplicates: int
    skipped: int
    """Files that are no videos by their names."""
    known: int
    """Videos that were current."""
    relabelled: int
    done: Totals
    """Of the videos done in this run."""
    all: Totals
    """Of the whole dataset."""
    unsettled: int = 0
    """Files left for the next run because they are still being written."""
    left: int = 0
    """Videos left for the next run because this one was asked to end."""
    renamed: int = 0
    """Known videos whose file lies elsewhere since the last run."""
    replaced: int = 0
    """Known videos in whose file's place other bytes lie since the last run."""
    gone: int = 0
    """Known videos whose file is no longer there since the last run."""
    failed_again: int = 0
    """Videos that failed in this run and in an earlier one."""
    given_up: int = 0
    """Failed videos of the whole dataset that an unattended run does not try again."""


def totals_of(summaries: Iterable[VideoSummary]) -> Totals:
    """Count."""
    listed = list(summaries)
    return Totals(
        videos=len(listed),
        cells=_cells(listed),
        scenes=_sum(count for summary in listed for count in summary.causes),
        faces=sum(summary.faces for summary in listed),
        misses=_sum(count for summary in listed for count in summary.misses),
        errors=_sum(Count(summary.error, 1) for summary in listed if summary.error),
        frames=sum(summary.frames for summary in listed),
        frames_corrupt=sum(summary.frames_corrupt for summary in listed),
        packets_damaged=sum(summary.packets_damaged for summary in listed),
    )


def _cells(summaries: Iterable[VideoSummary]) -> tuple[Cell, ...]:
    videos: Counter[tuple[str, str]] = Counter()
    faces: Counter[tuple[str, str]] = Counter()
    for summary in summaries:
        key = summary.provenance.label.value, summary.status.value
        videos[key] += 1
        faces[key] += summary.faces
    return tuple(Cell(*key, videos[key], faces[key]) for key in sorted(videos))


def _sum(counts: Iterable[Count]) -> tuple[Count, ...]:
    total: Counter[str] = Counter()
    for count in counts:
        total[count.name] += count.number
    return tuple(Count(name, number) for name, number in sorted(total.items()))
