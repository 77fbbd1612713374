"""Who is seen: dlib's 128 numbers a face (King 2017), of a few faces of every track.

The network was trained so that faces of one person are less than 0.6 apart. It reads a chip of
150 pixels that is turned and scaled by the landmarks; the record's landmarks are carried into
the aligned crop, so that neither the video nor a detector is needed. A face takes about a tenth
of a second.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import dlib
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.local import Limits, run_each
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.split.similarity.crop_cache import Store
from deepfake_dataset.split.similarity.crop_reading import (
    Image,
    Tell,
    Unusable,
    quiet,
    read_crop,
    spread,
    track_codes,
)

LENGTH = 128
FACES_A_TRACK = 3
_WARM = "deepfake_dataset.split.similarity.preload"
_MODEL = "dlib_face_recognition_resnet_model_v1.dat"

Vectors = NDArray[np.float32]
"""(n, 128)."""


@dataclass(frozen=True, slots=True)
class Sitter:
    """One crop to be looked at."""

    crop: str
    sha256: str
    points: tuple[float, ...]
    """Landmarks in the frame: x0, y0, x1, y1 …"""
    center_x: float
    center_y: float
    native_px: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class Sitting:
    """The crops of one video, for one process."""

    root: Path
    rows: tuple[int, ...]
    """Where the answers go."""
    sitters: tuple[Sitter, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Every track of a table of faces, by video id and number, and how its face looks."""

    video_ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    """Of the track in its video."""
    vectors: Vectors
    """The median of its faces; NaN where none could be looked at."""
    of_face: NDArray[np.int64]
    """Position of each face's track."""
    unusable: tuple[Unusable, ...]


def look_at_tracks(
    dataset: Dataset, faces: pa.Table, *, workers: int, tell: Tell = quiet
) -> Tracks:
    """The look of every track of a table with ``crop``, the landmarks and the crop's square.

    Up to three faces a track are looked at, evenly over its frames. What was once computed
    is kept in ``.cache/`` by the crops' bytes. A crop that is gone or not the one recorded is
    left out and named.
    """
    rows = spread(faces, FACES_A_TRACK)
    chosen = faces.take(pa.array(rows))
    vectors, unusable = _look(dataset, chosen, workers, tell)
    return _by_track(faces, rows, vectors, unusable)


def _by_track(
    faces: pa.Table, rows: NDArray[np.int64], vectors: Vectors, unusable: tuple[Unusable, ...]
) -> Tracks:
    codes = track_codes(faces)
    tracks, first, of_face = np.unique(codes, return_index=True, return_inverse=True)
    return Tracks(
        video_ids=tuple(faces["video_id"].take(pa.array(first)).to_pylist()),
        numbers=faces["track"].to_numpy()[first],
        vectors=medians(vectors, of_face[rows], len(tracks)),
        of_face=of_face,
        unusable=unusable,
    )


def medians(vectors: Vectors, owner: NDArray[np.int64], owners: int) -> Vectors:
    """Median of the vectors of each owner; those that are not finite are left out.

    Of two it is their mean; an owner without any has NaN.
    """
    sound = np.isfinite(vectors).all(axis=1)
    order = np.flatnonzero(sound)[np.argsort(owner[sound], kind="stable")]
    who, first, size = np.unique(owner[order], return_index=True, return_counts=True)
    result = np.full((owners, vectors.shape[1]), np.nan, np.float32)
    for count in np.unique(size):
        here = size == count
        members = order[first[here, None] + np.arange(count)]
        result[who[here]] = np.median(vectors[members], axis=1)
    return result


def _look(
    dataset: Dataset, chosen: pa.Table, workers: int, tell: Tell
) -> tuple[Vectors, tuple[Unusable, ...]]:
    store = Store(dataset.cache_folder / "looks.sqlite3", LENGTH, np.dtype(np.float32))
    sha256 = chosen["sha256"].to_pylist()
    vectors, known = store.look_up(sha256, missing=np.nan)
    sittings = list(_sittings(dataset.root, chosen, np.flatnonzero(~known)))
    limits = Limits(dataset.settings.run.time_limit_s, dataset.settings.run.memory_limit_mb)
    unusable: list[Unusable] = []
    outcomes = run_each(look_at, sittings, workers=workers, limits=limits, preload=[_WARM])
    with closing(outcomes):
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.result is None:
                problem = f"could not be looked at: {outcome.fault}"
                unusable += [Unusable(s.crop, problem) for s in outcome.item.sitters]
            else:
                rows = np.array(outcome.item.rows)
                vectors[rows], problems = outcome.result
                unusable += problems
                sound = rows[np.isfinite(vectors[rows]).all(axis=1)]
                store.keep([sha256[row] for row in sound], vectors[sound])
            tell("videos looked at for who is seen", done, len(sittings))
    return vectors, tuple(sorted(unusable, key=lambda u: u.crop))


_GEOMETRY = ["crop", "sha256", "landmarks", "center_x", "center_y", "native_px", "roll_deg"]


def _sittings(root: Path, chosen: pa.Table, todo: NDArray[np.int64]) -> Iterator[Sitting]:
    """A sitting a video."""
    video = chosen["video_id"].take(pa.array(todo)).to_pylist()
    rows = chosen.select(_GEOMETRY).take(pa.array(todo)).to_pylist()
    sitters = [Sitter(points=tuple(row.pop("landmarks")), **row) for row in rows]
    start = 0
    for i in range(1, len(todo) + 1):
        if i == len(todo) or video[i] != video[start]:
            yield Sitting(root, tuple(todo[start:i].tolist()), tuple(sitters[start:i]))
            start = i


def look_at(sitting: Sitting) -> tuple[Vectors, list[Unusable]]:
    """Embeddings of the crops of a sitting, NaN where there is none, and why there is none."""
    vectors = np.full((len(sitting.sitters), LENGTH), np.nan, np.float32)
    unusable = []
    for row, sitter in zip(vectors, sitting.sitters, strict=True):
        image = read_crop(sitting.root, sitter.crop, sitter.sha256)
        if isinstance(image, Unusable):
            unusable.append(image)
        else:
            row[:] = embed(image, in_crop(sitter, image.shape[0]))
    return vectors, unusable


def in_crop(sitter: Sitter, side: int) -> NDArray[np.float64]:
    """(n, 2) landmarks in pixels of a crop that is ``side`` pixels wide."""
    turn = np.radians(sitter.roll_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = np.array(sitter.points).reshape(-1, 2) - [sitter.center_x, sitter.center_y]
    inside: NDArray[np.float64] = points @ rotation * (side / sitter.native_px) + side / 2
    return inside


def embed(image: Image, points: NDArray[np.float64]) -> Vectors:
    """(128,) of the face with these landmarks, 68 or dlib's 5, in an RGB picture."""
    corners = np.concatenate([points.min(axis=0), points.max(axis=0)]).round().astype(int)
    # dlib's points are the centres of pixels, ours count from their corners.
    whole = (points - 0.5).round().astype(int).tolist()
    shape = dlib.full_object_detection(
        dlib.rectangle(*corners.tolist()), dlib.points([dlib.point(x, y) for x, y in whole])
    )
    return np.array(load().compute_face_descriptor(image, shape), np.float32)


@cache
def load() -> "dlib.face_recognition_model_v1":
    """The network; read once a process."""
    return dlib.face_recognition_model_v1(str(model_file(_MODEL)))
