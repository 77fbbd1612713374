"""Embeds a few faces of every track: how each track's face looks, as 128 numbers.

The network itself is given by the caller (:func:`deepfake_dataset.faces.embedding.embed_crop`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.base import Engine
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.split.similarity.embedding_and_hash_cache import CropVectorCache
from deepfake_dataset.split.similarity.read_crop import Image, UnusableCrop, read_verified_crop
from deepfake_dataset.split.similarity.sample_evenly import sample_tracks, track_codes
from deepfake_dataset.storage.base import Storage

EMBEDDING_LENGTH = 128
FACES_A_TRACK = 3

Embeddings = NDArray[np.float32]
"""(n, 128)."""


@dataclass(frozen=True, slots=True)
class CropToEmbed:
    """One crop, and where its landmarks lie in it."""

    crop: str
    """Its key in the dataset's storage."""
    sha256: str
    landmarks: tuple[float, ...]
    """In the frame: x0, y0, x1, y1 …"""
    center_x: float
    center_y: float
    native_px: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class EmbeddingNetwork:
    """How a face is embedded, in a process of its own."""

    embed: Callable[[Image, CropToEmbed], Embeddings]
    """(128,) of the face in its RGB crop."""
    preload: Sequence[str] = ()
    """What loads the network, as :meth:`Engine.run` takes it."""


@dataclass(frozen=True, slots=True)
class CropsOfVideo:
    """The crops of one video, for one process."""

    storage: Storage
    rows: tuple[int, ...]
    """Where the answers go."""
    crops: tuple[CropToEmbed, ...]
    embed: Callable[[Image, CropToEmbed], Embeddings]


@dataclass(frozen=True, slots=True, eq=False)
class TrackEmbeddings:
    """Every track of a table of faces, by video id and number, and its embedding."""

    video_ids: tuple[str, ...]
    numbers: NDArray[np.int64]
    """Of the track in its video."""
    vectors: Embeddings
    """The median of its faces; NaN where none could be embedded."""
    of_face: NDArray[np.int64]
    """Position of each face's track."""
    unusable: tuple[UnusableCrop, ...]


def embed_tracks(
    dataset: Dataset,
    faces: pa.Table,
    network: EmbeddingNetwork,
    engine: Engine,
    *,
    on_progress: OnProgress = no_progress,
) -> TrackEmbeddings:
    """The embedding of every track of a table with ``crop``, the landmarks and the crop's square.

    Up to three faces a track are embedded, evenly over its frames. What was once computed is
    kept in the user's cache by the crops' bytes. A crop that is gone or not the one recorded is
    left out and named.
    """
    rows = sample_tracks(faces, FACES_A_TRACK)
    chosen = faces.take(pa.array(rows))
    vectors, unusable = _embed_uncached(dataset, chosen, network, engine, on_progress)
    return _by_track(faces, rows, vectors, unusable)


def _by_track(
    faces: pa.Table,
    rows: NDArray[np.int64],
    vectors: Embeddings,
    unusable: tuple[UnusableCrop, ...],
) -> TrackEmbeddings:
    codes = track_codes(faces)
    tracks, first, of_face = np.unique(codes, return_index=True, return_inverse=True)
    return TrackEmbeddings(
        video_ids=tuple(faces["video_id"].take(pa.array(first)).to_pylist()),
        numbers=faces["track"].to_numpy()[first],
        vectors=medians(vectors, of_face[rows], len(tracks)),
        of_face=of_face,
        unusable=unusable,
    )


def medians(vectors: Embeddings, owner: NDArray[np.int64], owners: int) -> Embeddings:
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


def _embed_uncached(
    dataset: Dataset,
    chosen: pa.Table,
    network: EmbeddingNetwork,
    engine: Engine,
    on_progress: OnProgress,
) -> tuple[Embeddings, tuple[UnusableCrop, ...]]:
    file = dataset.cache_folder / "looks.sqlite3"
    cache = CropVectorCache(file, EMBEDDING_LENGTH, np.dtype(np.float32))
    sha256 = chosen["sha256"].to_pylist()
    vectors, known = cache.look_up(sha256, missing=np.nan)
    todo = list(_crops_by_video(dataset.storage, chosen, np.flatnonzero(~known), network))
    limits = Limits(dataset.settings.run.time_limit_s, dataset.settings.run.memory_limit_mb)
    unusable: list[UnusableCrop] = []
    outcomes = engine.run(embed_crops, todo, limits=limits, preload=network.preload)
    with closing(outcomes):
        for done, outcome in enumerate(outcomes, start=1):
            if outcome.result is None:
                problem = f"could not be looked at: {outcome.fault}"
                unusable += [UnusableCrop(each.crop, problem) for each in outcome.item.crops]
            else:
                rows = np.array(outcome.item.rows)
                vectors[rows], problems = outcome.result
                unusable += problems
                sound = rows[np.isfinite(vectors[rows]).all(axis=1)]
                cache.add([sha256[row] for row in sound], vectors[sound])
            on_progress("videos looked at for who is seen", done, len(todo))
    return vectors, tuple(sorted(unusable, key=lambda u: u.crop))


_GEOMETRY = ["crop", "sha256", "landmarks", "center_x", "center_y", "native_px", "roll_deg"]


def _crops_by_video(
    storage: Storage, chosen: pa.Table, todo: NDArray[np.int64], network: EmbeddingNetwork
) -> Iterator[CropsOfVideo]:
    video = chosen["video_id"].take(pa.array(todo)).to_pylist()
    rows = chosen.select(_GEOMETRY).take(pa.array(todo)).to_pylist()
    crops = [CropToEmbed(landmarks=tuple(row.pop("landmarks")), **row) for row in rows]
    start = 0
    for i in range(1, len(todo) + 1):
        if i == len(todo) or video[i] != video[start]:
            here = slice(start, i)
            yield CropsOfVideo(
                storage, tuple(todo[here].tolist()), tuple(crops[here]), network.embed
            )
            start = i


def embed_crops(video: CropsOfVideo) -> tuple[Embeddings, list[UnusableCrop]]:
    """Embeddings of the crops of a video, NaN where there is none, and why there is none."""
    vectors = np.full((len(video.crops), EMBEDDING_LENGTH), np.nan, np.float32)
    unusable = []
    for row, crop in zip(vectors, video.crops, strict=True):
        image = read_verified_crop(video.storage, crop.crop, crop.sha256)
        if isinstance(image, UnusableCrop):
            unusable.append(image)
        else:
            row[:] = video.embed(image, crop)
    return vectors, unusable
