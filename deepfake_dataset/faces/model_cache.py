"""Parsed models in the user's cache folder: a model is parsed once, not in every run.

The copy holds as long as the model's file has the bytes that it was parsed from. That is told by
their SHA-256, which is taken anew only where the file's size or time of change is another one.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from deepfake_dataset.storage.array_file import Arrays, map_arrays, write_arrays
from deepfake_dataset.storage.cache_folder import cache_root


def parsed_model(source: Path, layout: int, parse: Callable[[Path], Arrays]) -> Arrays:
    """The arrays that ``parse`` makes of a model's file: those of the copy, or anew.

    ``layout`` changes with what ``parse`` makes. A copy that is missing, damaged or of another
    file is written anew; where it cannot be, nothing is kept. Raises what ``parse`` raises.
    """
    copy = copy_of(source, layout)
    with suppress(OSError, ValueError):
        arrays, about = map_arrays(copy)
        if about["file"] == _stamp(source) or about["sha256"] == _sha256(source):
            return arrays
    arrays = list(parse(source))
    write_arrays(copy, arrays, {"file": _stamp(source), "sha256": _sha256(source)})
    return arrays


def copy_of(source: Path, layout: int) -> Path:
    """Where the parsed copy of a model lies, or would."""
    return cache_root() / "models" / f"{source.stem}-{layout}.arrays"


def _stamp(source: Path) -> list[Any]:
    status = source.stat()
    return [status.st_size, status.st_mtime_ns]


def _sha256(source: Path) -> str:
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
