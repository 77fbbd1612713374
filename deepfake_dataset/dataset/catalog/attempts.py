"""Failed attempts: how often a video has failed, and when it is tried again.

A record is the same bytes for the same input, so it cannot count; the count stands beside it,
in ``state/``. Where that is deleted, failed videos are tried anew from the first time on.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.catalog.index import VideoSummary
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.state_table import StateTable
from deepfake_dataset.records import Status

WAITS_S = (600.0, 7200.0)
"""After a first and a second failure: one that passes soon (a disk, a neighbour that takes all
memory) is met by the next hour's run, another one by that after the next."""
TRIES = len(WAITS_S) + 1
"""Runs in which a video may fail; then it is given up until somebody asks for it."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """The failures of one video so far."""

    video_id: str
    settings_key: str
    """With other settings, counting begins again."""
    failed: int
    last_s: float
    """When it failed last; seconds since 1970."""

    @property
    def given_up(self) -> bool:
        """Whether it is in quarantine."""
        return self.failed >= TRIES

    def is_due(self, now_s: float) -> bool:
        """Whether it has waited long enough; a clock that was set back holds up nothing."""
        if self.given_up:
            return False
        return not 0 <= now_s - self.last_s < WAITS_S[self.failed - 1]


class FailedAttempts:
    """The attempts at a dataset's videos."""

    def __init__(self, dataset: Dataset) -> None:
        self._table = StateTable(dataset.storage, layout.ATTEMPTS, Attempts)
        self._known = self._table.load()

    def of(self, summary: VideoSummary) -> Attempts | None:
        """The attempts at a video that failed, with the settings that its record names."""
        known = self._known.get(summary.video_id)
        if summary.status is not Status.FAILED or known is None:
            return None
        return known if known.settings_key == summary.settings_key else None

    def is_due(self, summary: VideoSummary) -> bool:
        """Whether a failed video should be tried again now."""
        known = self.of(summary)
        return summary.status is Status.FAILED and (known is None or known.is_due(time.time()))

    def number_given_up(self, summaries: Iterable[VideoSummary]) -> int:
        """How many of these videos are in quarantine."""
        attempts = map(self.of, summaries)
        return sum(known is not None and known.given_up for known in attempts)

    def note(self, summary: VideoSummary) -> None:
        """Write down how an attempt ended, before anything else is done."""
        known = self.of(summary)
        if summary.status is Status.FAILED:
            failed = known.failed + 1 if known else 1
            noted = Attempts(summary.video_id, summary.settings_key, failed, time.time())
            self._known[summary.video_id] = noted
            self._table.save({summary.video_id: noted})
        elif summary.video_id in self._known:
            self.forget([summary.video_id])

    def forget(self, video_ids: Iterable[str]) -> None:
        """Begin again with these videos."""
        gone = [video_id for video_id in video_ids if self._known.pop(video_id, None)]
        self._table.save({}, gone)
