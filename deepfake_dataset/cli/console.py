"""What all commands use to speak: messages, one line of JSON, a progress bar."""

import json
import sys
import time
from typing import Any, Self

from tqdm import tqdm

from deepfake_dataset.commands.extract import Progress
from deepfake_dataset.dataset.schema import to_row
from deepfake_dataset.errors import VIDEO_ERRORS, VideoError
from deepfake_dataset.records import Status, Video


def say(text: str) -> None:
    """One message to people, on stderr, above the bar if there is one."""
    tqdm.write(text, file=sys.stderr)


def print_json(value: Any, **more: Any) -> None:
    """A record, or a list of them, as one line on stdout; ``more`` records go into the first."""
    row: Any = [to_row(item) for item in value] if isinstance(value, list) else to_row(value)
    for name, record in more.items():
        row[name] = to_row(record)
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
            say_failure(progress.video)


def say_failure(video: Video) -> None:
    """Why a video gave no faces, and what to do."""
    say(f"{video.path}: {video.message}\n  hint: {hint_of(video.error)}")


def hint_of(code: str) -> str:
    """What to do; a record of a later version may have a code that is not known here."""
    return VIDEO_ERRORS.get(code, VideoError).hint
