"""Publishes manifests atomically: all files of a split become visible, or none.

    manifests/
      train.csv  test.csv  val.csv  audit.json
      split.json         names size and SHA-256 of the others; replaced last
    state/split/         all of them, while they are being published; split.json comes last

With its split.json a staged split holds: where a kill ends its publication, whoever holds the
manifests next puts it in place. So the side that a video was given is never forgotten, and no
side stays without the others. Without it, what is staged is cleared away.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from deepfake_dataset.dataset.layout import (
    AUDIT,
    MANIFESTS,
    SIDES,
    SPLIT_RECORD,
    STAGED_SPLIT,
    manifest_key,
)
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import (
    DsbuildError,
    MissingKeyError,
    SplitError,
    StorageError,
    UnavailableError,
)
from deepfake_dataset.split.manifests.split_record import SplitRecord, WrittenFile
from deepfake_dataset.storage.base import Spool, Storage

_FILES = (*map(manifest_key, SIDES), AUDIT)


@contextmanager
def lock_manifests(storage: Storage) -> Iterator[None]:
    """Hold the manifests for writing, after what a killed split left there is settled.

    Raises DatasetBusyError where another split holds them; extraction does not.
    """
    with storage.lease(MANIFESTS):
        finish_interrupted(storage)
        yield


def finish_interrupted(storage: Storage) -> None:
    """Finish a publication that a kill has ended, or clear away what never came to be one."""
    for left in list(storage.half_written(MANIFESTS, deep=False)):
        storage.discard(left)
    if storage.stat(_staged(SPLIT_RECORD)):
        _put_in_place(storage)
    else:
        _clear_staged(storage)


def read_record(storage: Storage) -> SplitRecord | None:
    """The split that stands in a dataset; None where there is none.

    Raises SplitError where it cannot be read.
    """
    place = storage.location(SPLIT_RECORD)
    try:
        return from_row(SplitRecord, json.loads(storage.get(SPLIT_RECORD)))
    except MissingKeyError:
        return None
    except UnavailableError:
        raise
    except StorageError as error:
        raise SplitError(
            f"{place} cannot be read: {error.reason}", "check its permissions"
        ) from error
    except (TypeError, ValueError) as error:
        raise SplitError(
            f"{place} is damaged, or of another version: {error}",
            "restore it from a copy: it holds which videos were ever tested on;"
            " or begin anew with --fresh",
        ) from error


def publish_manifests(
    storage: Storage, made: Spool, record_of: Callable[[tuple[WrittenFile, ...]], SplitRecord]
) -> SplitRecord:
    """Show the manifests and audit of a spool, all at once, with their record.

    Only for who holds :func:`lock_manifests`.
    """
    names = {key: key.removeprefix(MANIFESTS) for key in _FILES}
    there = {key: name for key, name in names.items() if (made.folder / name).exists()}
    record = record_of(tuple(WrittenFile(name, *made.digest(name)) for name in there.values()))
    try:
        storage.put_files((_staged(key), made.folder / name) for key, name in there.items())
        storage.put(_staged(SPLIT_RECORD), _encoded(record))
    except BaseException:
        with suppress(DsbuildError):
            _clear_staged(storage)
        raise
    _put_in_place(storage)
    return record


def _staged(key: str) -> str:
    return STAGED_SPLIT + key.removeprefix(MANIFESTS)


def _encoded(record: SplitRecord) -> bytes:
    text = json.dumps(to_row(record), ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _put_in_place(storage: Storage) -> None:
    """May be begun again at any point: what is staged stays until all is in place."""
    staged = {entry.key for entry in storage.entries(STAGED_SPLIT)}
    for key in _FILES:
        if _staged(key) in staged:
            storage.copy(_staged(key), key)
        else:
            storage.delete(key)
    storage.copy(_staged(SPLIT_RECORD), SPLIT_RECORD)
    _clear_staged(storage)


def _clear_staged(storage: Storage) -> None:
    """The record goes first: where it stands, all files that it names are staged."""
    storage.delete(_staged(SPLIT_RECORD))
    storage.delete_all(STAGED_SPLIT)
