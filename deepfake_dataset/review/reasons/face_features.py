"""What reasons are computed from: every face's record and its crop's measurements, as arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FaceFeatures:
    """Faces of a dataset, each in one row; every array has one value a face."""

    faces: pa.Table
    """Columns of ``read_faces``."""
    measurements: pa.Table
    """Columns of ``measurements.MEASUREMENTS``; rows as in :attr:`faces`."""

    def recorded(self, name: str) -> Floats:
        """A number of the record."""
        return np.asarray(self.faces[name].to_numpy(), np.float64)

    def measured(self, name: str) -> Floats:
        """A number measured of the crop."""
        return np.asarray(self.measurements[name].to_numpy(), np.float64)

    @cached_property
    def landmarks(self) -> Floats:
        """(n, points, 2) in pixels of the frame; as many points as most faces have, others NaN."""
        lists = self.faces["landmarks"].combine_chunks()
        lengths = np.asarray(lists.value_lengths())
        size = int(np.bincount(lengths).argmax()) if len(lengths) else 0
        whole = lengths == size
        if not whole.all():
            lists = pc.if_else(pa.array(whole), lists, pa.scalar([np.nan] * size, lists.type))
        return np.asarray(lists.flatten(), np.float64).reshape(len(lengths), size // 2, 2)

    @cached_property
    def video(self) -> NDArray[np.int64]:
        """A number for each face's video."""
        codes = self.faces["video_id"].combine_chunks().dictionary_encode().indices
        return np.asarray(codes, np.int64)

    @cached_property
    def track(self) -> NDArray[np.int64]:
        """A number for each face's track, unlike those of other videos."""
        tracks = np.asarray(self.faces["track"].to_numpy(), np.int64)
        keys = self.video * (tracks.max(initial=0) + 1) + tracks
        return np.asarray(np.unique(keys, return_inverse=True)[1].ravel(), np.int64)

    @cached_property
    def by_time(self) -> NDArray[np.int64]:
        """Rows, track by track and by time in each."""
        return np.lexsort((self.recorded("frame"), self.track))
