"""The videos behind a table of faces, as a split needs them: id, path, target, donor, label."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.errors import SplitError
from deepfake_dataset.records import Label


@dataclass(frozen=True, slots=True, eq=False)
class VideoTable:
    """Videos by position, in the order of their ids."""

    ids: list[str]
    paths: list[str]
    targets: list[str]
    donors: list[str]
    real: NDArray[np.bool_]
    """Whether the video's first face is real."""
    of_face: NDArray[np.int64]
    """Position of each face's video; never falls."""

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self) -> dict[str, int]:
        """From a video's id to its position."""
        return {video_id: i for i, video_id in enumerate(self.ids)}


def usable_faces(faces: pa.Table, *, reviewed_only: bool) -> pa.Table:
    """The faces that may enter a manifest: of a known class, and reviewed where that is asked.

    Raises SplitError where there is none, or one class only.
    """
    if not faces.num_rows:
        raise SplitError("the dataset has no faces", "dsbuild extract VIDEOS -d DATASET adds some")
    chosen = _only(faces, pc.not_equal(faces["label"], str(Label.UNKNOWN)))
    if reviewed_only:
        chosen = _only(chosen, chosen["reviewed"])
    for label in (Label.REAL, Label.FAKE):
        if not pc.any(pc.equal(chosen["label"], str(label))).as_py():
            which = "reviewed face" if reviewed_only else "face"
            raise SplitError(
                f"no {which} is {label}: a split needs both classes",
                "dsbuild extract --labels CSV says which videos are real and which are fake",
            )
    return chosen.combine_chunks()


def _only(faces: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
    """Some of the faces, without a copy where it is all."""
    return faces if pc.all(mask).as_py() else faces.filter(mask)


def videos_of(faces: pa.Table) -> VideoTable:
    """The videos of a table that is sorted by video id."""
    coded = faces["video_id"].combine_chunks().dictionary_encode()
    of_face = coded.indices.to_numpy().astype(np.int64)
    first = pa.array(np.flatnonzero(np.diff(of_face, prepend=-1)))
    rows = faces.select(["video_id", "video_path", "target", "donor", "label"]).take(first)
    return VideoTable(
        ids=rows["video_id"].to_pylist(),
        paths=rows["video_path"].to_pylist(),
        targets=rows["target"].to_pylist(),
        donors=rows["donor"].to_pylist(),
        real=pc.equal(rows["label"], str(Label.REAL)).to_numpy(),
        of_face=of_face,
    )
