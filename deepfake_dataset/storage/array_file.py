"""Arrays in a file of the cache folder, mapped into memory: processes that read it share its pages.

A first line of JSON says what lies where, and the CRC-32 of what follows it.
"""

import json
import mmap
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.storage.cache_folder import write_cached

Arrays = Sequence[NDArray[Any]]

_ALIGNED = 64
"""Bytes: what the widest instructions of processors read at once."""


def write_arrays(path: Path, arrays: Arrays, about: Mapping[str, object]) -> None:
    """Write arrays, and what they are; where they cannot be written nothing is kept."""
    parts = [_padded(array) for array in arrays]
    body = b"".join(parts)
    head: dict[str, object] = {
        "about": dict(about),
        "arrays": [(array.dtype.str, array.shape) for array in arrays],
        "crc32": zlib.crc32(body),
    }
    line = json.dumps(head).encode()
    line += b" " * (-(len(line) + 1) % _ALIGNED) + b"\n"
    write_cached(path, line + body)


def map_arrays(path: Path) -> tuple[list[NDArray[Any]], dict[str, Any]]:
    """The arrays, read-only and mapped, and what they are.

    Raises :class:`OSError` where there is no such file, and :class:`ValueError` where it is
    damaged.
    """
    with path.open("rb") as file:
        line = file.readline()
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        head = json.loads(line)
        kinds = [(np.dtype(kind), tuple(shape)) for kind, shape in head["arrays"]]
        about, crc32 = dict(head["about"]), head["crc32"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: its first line says nothing of arrays") from error
    if zlib.crc32(memoryview(data)[len(line) :]) != crc32:
        raise ValueError(f"{path} is damaged")
    arrays, at = [], len(line)
    for kind, shape in kinds:
        array = np.ndarray(shape, kind, data, at)
        arrays.append(array)
        at += array.nbytes + -array.nbytes % _ALIGNED
    return arrays, about


def _padded(array: NDArray[Any]) -> bytes:
    return array.tobytes() + bytes(-array.nbytes % _ALIGNED)
