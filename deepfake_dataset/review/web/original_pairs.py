"""Pairs a forged video with its original, and each of its faces with the original's."""

from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FARTHEST_S = 0.5
"""A face of the original farther off in time shows another moment."""


class OriginalPairs:
    """Faces of originals beside those of their forgeries, by video and time."""

    def __init__(self, faces: pa.Table) -> None:
        video = faces["video_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        _, first = np.unique(video, return_index=True)
        columns = ("video_id", "video_path", "label", "target", "duration_s")
        self._videos = faces.select(columns).take(pa.array(first)).to_pylist()
        self._by_id = {row["video_id"]: row for row in self._videos}
        self._faces = faces

    def original_of(self, video_id: str) -> str | None:
        """The real video that a forged one has as its target, where the dataset has it.

        Of several real videos of the same target, those whose file name stands in the
        forgery's come first, then the one whose duration is nearest.
        """
        forged = self._by_id[video_id]
        if forged["label"] != "fake" or not forged["target"]:
            return None
        stem = PurePosixPath(forged["video_path"]).stem
        candidates = [
            (
                PurePosixPath(row["video_path"]).stem not in stem,
                abs(row["duration_s"] - forged["duration_s"]),
                row["video_path"],
                row["video_id"],
            )
            for row in self._videos
            if row["label"] == "real" and row["target"] == forged["target"]
        ]
        return min(candidates)[-1] if candidates else None

    def face_of_original(self, position: int) -> int | None:
        """Position of the original's face at the same time as a forged one."""
        original = self.original_of(self._faces["video_id"][position].as_py())
        if original is None:
            return None
        time_s = self._faces["time_s"][position].as_py()
        there = np.flatnonzero(pc.equal(self._faces["video_id"], original).to_numpy())
        away = np.abs(self._faces["time_s"].to_numpy()[there] - time_s)
        nearest = int(away.argmin())
        return int(there[nearest]) if away[nearest] <= _FARTHEST_S else None
