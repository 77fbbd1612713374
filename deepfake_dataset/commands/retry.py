"""``dsbuild retry``: failed videos once more, given up or not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deepfake_dataset.commands.extract import Extraction, Progress
from deepfake_dataset.commands.redo import files_still_there
from deepfake_dataset.dataset.catalog.attempts import FailedAttempts
from deepfake_dataset.dataset.catalog.index import VideoSummary, read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.totals import Totals, totals_of
from deepfake_dataset.errors import VIDEO_ERRORS, UsageError
from deepfake_dataset.records import Status
from deepfake_dataset.sources.discover import Found
from deepfake_dataset.storage.paths import StrPath


@dataclass(frozen=True, slots=True)
class Retried:
    """What came of trying again."""

    failed: int
    """Videos that had failed, with the codes asked for."""
    done: Totals
    elsewhere: int
    """Those whose file is not where it was, or other bytes now: the next run that finds them
    tries them."""

    @property
    def exit_code(self) -> int:
        """As the command line gives it: 0, or 2 where some failed again."""
        return 2 if any(cell.status == Status.FAILED for cell in self.done.cells) else 0


def retry_failed(
    dataset: StrPath,
    *,
    codes: Iterable[str] = (),
    wait: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Retried:
    """Try failed videos again, all or those with one of the ``codes``; their count starts anew.

    Their files are looked for where they were last seen. Raises :class:`UsageError` for a
    code that there is not.
    """
    asked = set(codes)
    _check(asked)
    with Dataset.held(dataset, wait=wait) as (opened, lease):
        failed = [b for b in read_summaries(opened).values() if _is_meant(b, asked)]
        FailedAttempts(opened).forget([summary.video_id for summary in failed])
        wanted = [(summary.video_id, summary.provenance) for summary in failed]
        found = Found(tuple(files_still_there(opened, wanted)), (), (), 0)
        with opened.swept():
            done = Extraction(opened, found, lease, retry=True).do_what_is_due(on_progress)
    return Retried(len(failed), totals_of(done), len(failed) - len(done))


def _check(codes: set[str]) -> None:
    if unknown := codes - VIDEO_ERRORS.keys():
        raise UsageError(
            f"there is no error code {', '.join(sorted(unknown))}",
            f"the codes are {', '.join(sorted(VIDEO_ERRORS))}",
        )


def _is_meant(summary: VideoSummary, codes: set[str]) -> bool:
    return summary.status is Status.FAILED and (not codes or summary.error in codes)
