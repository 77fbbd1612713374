"""Run log: what runs did, one line an event, in ``logs/`` of the dataset.

    2026-03-01T02:00:07Z failed video=0a1b2c3d4e5f6071 path=real/a.mp4 error=crashed

or, as JSON, the same with ``time`` and ``event`` among the fields. When a file has grown to
four megabytes it becomes ``run.log.1``, and so on to 5; older ones go.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from deepfake_dataset.storage.os_errors import writing

_MAX_BYTES = 4 * 2**20
_KEPT = 5
_NAMES = {False: "run.log", True: "run.jsonl"}

Note = Callable[..., None]
"""``note("event", field=value, …)`` writes a line."""


@contextmanager
def writing_log(root: Path, as_json: bool = False) -> Iterator[Note]:
    """Append to the dataset's log. Only for who holds its lock: two would rotate it twice.

    A disk that fills up meanwhile costs lines and not the run.
    Raises :class:`DatasetWriteError` where the log cannot be opened.
    """
    path = root / "logs" / _NAMES[as_json]
    with writing(path):
        path.parent.mkdir(exist_ok=True)
        handler = _Handler(path, maxBytes=_MAX_BYTES, backupCount=_KEPT, encoding="utf-8")
    shape = _json_line if as_json else _readable_line

    def note(event: str, **fields: Any) -> None:
        line = shape(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), event, fields)
        handler.emit(logging.LogRecord("dsbuild", logging.INFO, "", 0, line, None, None))

    try:
        yield note
    finally:
        with suppress(OSError):
            handler.close()


class _Handler(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Pass over it: what made writing fail is told by whatever fails next."""


def _json_line(time_: str, event: str, fields: dict[str, Any]) -> str:
    return json.dumps({"time": time_, "event": event, **fields})


def _readable_line(time_: str, event: str, fields: dict[str, Any]) -> str:
    return " ".join([time_, event, *(f"{key}={_readable(fields[key])}" for key in fields)])


def _readable(value: Any) -> str:
    """As it is where it can be told from what follows; else in quotes, without line breaks."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if plain else json.dumps(text)
