"""A given split: a CSV, such as a published one, that says on which side each video stands."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.csv_tables import read_spreadsheet
from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.assignment.sides_and_shares import Side, side_named
from deepfake_dataset.split.video_lookup import VideoLookup
from deepfake_dataset.split.video_table import VideoTable

_SCHEMA = pa.schema([("path", pa.string()), ("side", pa.string())])
_HINT = "write two columns, path and side: a video in each row, and train, test or val"


def read_given_split(file: Path, videos: VideoTable) -> NDArray[np.int8]:
    """The side of each video that the CSV names; the others are free.

    A video is named by its id, by its path in the dataset or by as much of the path's end as
    no other video has. A row may name a video that has no faces.

    Raises ManifestError or SplitError, naming the row, for a file that does not say this.
    """
    lookup = VideoLookup(videos)
    side = np.full(len(videos), Side.FREE, np.int8)
    for number, (path, word) in enumerate(_rows(file), start=2):
        where = f"{file}, row {number}"
        given = side_named(word.strip().lower())
        if given is None:
            raise SplitError(f"{where}: {word!r} is no side", "write train, test or val")
        found = lookup.find(path.strip())
        if len(found) > 1:
            listed = ", ".join(videos.paths[i] for i in found[:3])
            raise SplitError(f"{where}: {path!r} may be {listed}", "write more of the path")
        for video in found:
            if side[video] not in (Side.FREE, given):
                before = Side(side[video]).word
                raise SplitError(f"{where}: {path!r} was in {before} before", "keep one row")
            side[video] = given
    if (side == Side.FREE).all():
        raise SplitError(f"{file} names none of the dataset's videos", _HINT)
    return side


def _rows(file: Path) -> list[tuple[str, str]]:
    table = read_spreadsheet(file, _SCHEMA, _SCHEMA.names)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
