"""Publishes manifests atomically: all files of a split become visible, or none.

    manifests/
      .partial-split/    where the files are made; split.json comes last and makes it complete
      train.csv  test.csv  val.csv  audit.json
      split.json         names size and SHA-256 of the others; replaced last
      .lock              held by the split that writes

A complete staging folder that a killed run left is put in place by whoever holds the lock next:
so the side that a video was given is never forgotten, and no side stays without the others.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.manifests.split_record import SplitRecord, WrittenFile
from deepfake_dataset.storage.lease import file_lease
from deepfake_dataset.storage.local import flush
from deepfake_dataset.storage.os_errors import writing

RECORD = "split.json"
_STAGING = ".partial-split"
_FILES = ("train.csv", "test.csv", "val.csv", "audit.json")


@contextmanager
def lock_manifests(manifests: Path) -> Iterator[None]:
    """Hold the manifests for writing, after what a killed split left there is settled.

    Raises DatasetBusyError where another split holds them; extraction does not.
    """
    with writing(manifests):
        manifests.mkdir(exist_ok=True)
    with file_lease(manifests):
        finish_interrupted(manifests)
        yield


def finish_interrupted(manifests: Path) -> None:
    """Finish a split that was complete when it was killed, or clear away one that was not."""
    staging = manifests / _STAGING
    with writing(manifests):
        if (staging / RECORD).exists():
            _put_in_place(manifests, read_record(staging))
        elif staging.exists():
            shutil.rmtree(staging)


def read_record(manifests: Path) -> SplitRecord | None:
    """The split that stands in a folder; None where there is none.

    Raises SplitError where it cannot be read.
    """
    path = manifests / RECORD
    try:
        return from_row(SplitRecord, json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SplitError(
            f"{path} cannot be read: {error.strerror}", "check its permissions"
        ) from error
    except (TypeError, ValueError) as error:
        raise SplitError(
            f"{path} is damaged, or of another version: {error}",
            "restore it from a copy: it holds which videos were ever tested on;"
            " or begin anew with --fresh",
        ) from error


@contextmanager
def staging_folder(manifests: Path) -> Iterator[Path]:
    """An empty folder for the files of a split, gone afterwards unless they were published."""
    staging = manifests / _STAGING
    with writing(manifests):
        staging.mkdir()
    try:
        with writing(manifests):
            yield staging
    except BaseException:
        if not (staging / RECORD).exists():
            shutil.rmtree(staging, ignore_errors=True)
        raise


def publish_manifests(
    staging: Path, record_of: Callable[[tuple[WrittenFile, ...]], SplitRecord]
) -> SplitRecord:
    """Show the files of a folder that :func:`making` gave, all at once, with their record."""
    record = record_of(_described(staging))
    _write_record(staging, record)
    _put_in_place(staging.parent, record)
    return record


def _described(staging: Path) -> tuple[WrittenFile, ...]:
    described = []
    for name in _FILES:
        if (path := staging / name).exists():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            flush(path)
            described.append(WrittenFile(name, path.stat().st_size, digest))
    return tuple(described)


def _write_record(staging: Path, record: SplitRecord) -> None:
    aside = staging / f"{RECORD}.partial"
    with aside.open("w", encoding="utf-8", newline="\n") as file:
        json.dump(to_row(record), file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    flush(staging)
    aside.replace(staging / RECORD)
    flush(staging)


def _put_in_place(manifests: Path, record: SplitRecord | None) -> None:
    """May be begun again at any point."""
    staging, listed = manifests / _STAGING, {file.name for file in record.files} if record else ()
    for name in _FILES:
        if (staging / name).exists():
            (staging / name).replace(manifests / name)
        elif name not in listed:
            (manifests / name).unlink(missing_ok=True)
    flush(manifests)
    (staging / RECORD).replace(manifests / RECORD)
    flush(manifests)
    shutil.rmtree(staging)
