"""Samples faces evenly: a few of every track, or of every video."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def sample_tracks(faces: pa.Table, most: int) -> NDArray[np.int64]:
    """Positions of up to ``most`` faces of every track, evenly spread over its frames.

    In order of video, track and frame.
    """
    return sample_evenly(track_codes(faces), most, faces["frame"].to_numpy())


def sample_evenly(
    owner: NDArray[np.int64], most: int, order: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Positions of up to ``most`` things of every owner, evenly spread in their ``order``.

    They come by owner; without an order, things stay in that in which they are given.
    """
    rows = np.argsort(owner, kind="stable") if order is None else np.lexsort((order, owner))
    _, first, size = np.unique(owner[rows], return_index=True, return_counts=True)
    place, of = np.arange(len(rows)) - np.repeat(first, size), np.repeat(size, size)
    steps = np.minimum(most, of) * np.array([place, place + 1]) + of // 2
    return np.asarray(rows[steps[0] // of < steps[1] // of], np.int64)


def track_codes(faces: pa.Table) -> NDArray[np.int64]:
    """A number a track, for each face; they rise with the video's id and the track's number."""
    coded = faces["video_id"].combine_chunks().dictionary_encode()
    rank = np.argsort(np.argsort(np.array(coded.dictionary.to_pylist())))
    video = rank[coded.indices.to_numpy()]
    return np.asarray((video.astype(np.int64) << 32) + faces["track"].to_numpy(), np.int64)
