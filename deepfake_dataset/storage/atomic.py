"""A file is there whole, or as it was before."""

import os
from pathlib import Path

from deepfake_dataset.storage.os_errors import writing


def write_whole(path: Path, data: str | bytes) -> None:
    """Write aside, onto the disk, then into place; text as UTF-8.

    Raises :class:`DatasetWriteError` where the disk is full or cannot be written.
    """
    aside = path.with_name(f".partial-{path.name}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("wb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
