"""Cache of the suspicion scores: kept as long as scoring again would give the same.

Every score depends on all faces, as thresholds are statistics of the dataset: one more video, and
all are scored anew, from what was measured of their crops before (``measurement_cache.py``).
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import RawIOBase
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import FACES
from deepfake_dataset.review.measurements import VERSION
from deepfake_dataset.review.reasons import BUILT_IN, all_reasons
from deepfake_dataset.review.reasons.face_features import FaceFeatures
from deepfake_dataset.review.suspicion_score import SuspicionScores, score_faces
from deepfake_dataset.storage.cache_folder import read_cached, write_cached

_FILE = "suspicion.bin"
_SEAL_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyedScores:
    """How likely each face is wrong, and by what that is known to hold still."""

    key: str
    """Changes with the faces, with what is measured of crops, and with the code that scores."""
    scores: SuspicionScores


def score_faces_cached(
    dataset: Dataset, faces: pa.Table, measurements: Callable[[], pa.Table]
) -> KeyedScores:
    """The scores of :func:`score_faces`, from the cache where they still hold.

    ``measurements`` of all faces are asked for only where they do not.
    """
    key = _key(faces, dataset.settings.extract.margin)
    file = dataset.cache_folder / _FILE
    scores = _decoded(read_cached(file) or b"", key, faces.num_rows)
    if scores is None:
        scores = score_faces(FaceFeatures(faces, measurements()))
        write_cached(file, _encoded(scores, key))
    return KeyedScores(key, scores)


def _key(faces: pa.Table, margin: float) -> str:
    """Hash of all that scores depend on; measurements depend on crops, tracks and margin."""
    digest = hashlib.sha256(f"{_code_hash()} {VERSION} {margin}\n".encode())
    same = faces.select(FACES.names).cast(FACES).combine_chunks()  # however it was put together
    with pa.ipc.new_stream(pa.PythonFile(_Into(digest.update), "w"), FACES) as stream:
        stream.write_table(same)
    return digest.hexdigest()


class _Into(RawIOBase):
    """A file that hands on what is written."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._take(data)
        return len(data)


@cache
def _code_hash() -> str:
    """Of the code that scores: a version to be raised by hand would be forgotten."""
    digest = hashlib.sha256(repr([(r.name, r.weight) for r in all_reasons()]).encode())
    for source in _sources():
        digest.update(source)
    return digest.hexdigest()


def _sources() -> Iterator[bytes]:
    """Files of this package that scores depend on, and the module of each plug-in's reason."""
    here = files("deepfake_dataset.review")
    for name in ("suspicion_score.py", "other_person.py"):
        yield (here / name).read_bytes()
    for file in sorted(here.joinpath("reasons").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py"):
            yield file.read_bytes()
    for reason in all_reasons()[len(BUILT_IN) :]:
        place = getattr(sys.modules.get(reason.strengths.__module__), "__file__", None)
        if place:
            yield Path(place).read_bytes()


def _decoded(data: bytes, key: str, count: int) -> SuspicionScores | None:
    """What was kept under the key, and only whole: the seal is of both."""
    if data[:_SEAL_BYTES] != _seal(key, data[_SEAL_BYTES:]):
        return None
    suspicion = np.frombuffer(data, "<f8", count, _SEAL_BYTES)
    named = np.frombuffer(data, np.bool_, offset=_SEAL_BYTES + suspicion.nbytes)
    return SuspicionScores(suspicion.astype(np.float64), named.reshape(count, len(all_reasons())))


def _encoded(scores: SuspicionScores, key: str) -> bytes:
    body = scores.suspicion.astype("<f8").tobytes() + scores.named.tobytes()
    return _seal(key, body) + body


def _seal(key: str, body: bytes) -> bytes:
    return hashlib.sha256(key.encode() + body).digest()
