"""Run log: what runs did, one line an event, in ``logs/`` of the dataset.

    2026-03-01T02:00:07Z failed video=0a1b2c3d4e5f6071 path=real/a.mp4 error=crashed

or, as JSON, the same with ``time`` and ``event`` among the fields. When a log has grown to
four megabytes it becomes ``run.log.1``, and so on to 5; older ones go.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from deepfake_dataset.dataset.layout import RUN_LOG, RUN_LOG_JSON
from deepfake_dataset.errors import DatasetWriteError, StorageError
from deepfake_dataset.storage.base import Storage

_MAX_BYTES = 4 * 2**20
_KEPT = 5

Note = Callable[..., None]
"""``note("event", field=value, …)`` writes a line."""


@contextmanager
def writing_log(storage: Storage, as_json: bool = False) -> Iterator[Note]:
    """Append to the dataset's log. Only for who holds its lease: two would rotate it twice.

    A disk that fills up meanwhile costs lines and not the run.
    Raises :class:`DatasetWriteError` where the log cannot be made.
    """
    key, shape = (RUN_LOG_JSON, _json_line) if as_json else (RUN_LOG, _readable_line)
    known = storage.stat(key)
    size = known.size if known else 0
    if known is None:
        storage.append(key, b"")

    def note(event: str, **fields: Any) -> None:
        nonlocal size
        line = shape(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), event, fields)
        data = f"{line}\n".encode()
        with suppress(DatasetWriteError, StorageError):
            if size + len(data) > _MAX_BYTES:
                _rotate(storage, key)
                size = 0
            storage.append(key, data)
            size += len(data)

    yield note


def _rotate(storage: Storage, key: str) -> None:
    for number in range(_KEPT - 1, 0, -1):
        if storage.stat(f"{key}.{number}"):
            storage.copy(f"{key}.{number}", f"{key}.{number + 1}")
    lines, _ = storage.read_log(key)
    storage.put(f"{key}.1", lines)
    storage.delete(key)


def _json_line(time_: str, event: str, fields: dict[str, Any]) -> str:
    return json.dumps({"time": time_, "event": event, **fields})


def _readable_line(time_: str, event: str, fields: dict[str, Any]) -> str:
    return " ".join([time_, event, *(f"{key}={_readable(fields[key])}" for key in fields)])


def _readable(value: Any) -> str:
    """As it is where it can be told from what follows; else in quotes, without line breaks."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = text and text.isprintable() and not set(text) & set(' "=')
    return text if plain else json.dumps(text)
