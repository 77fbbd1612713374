"""A split that was given: a CSV that says on which side a video stands."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.csv_tables import read_spreadsheet
from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.assignment.sides import Side, side_named
from deepfake_dataset.split.video_table import Videos

_SCHEMA = pa.schema([("path", pa.string()), ("side", pa.string())])
_HINT = "write two columns, path and side: a video in each row, and train, test or val"


def read_pins(file: Path, videos: Videos) -> NDArray[np.int8]:
    """The side of each video that the CSV names; the others are free.

    A video is named by its id, by its path in the dataset or by as much of the path's end as
    no other video has. A row may name a video that has no faces.

    Raises ManifestError or SplitError, naming the row, for a file that does not say this.
    """
    named = Named(videos)
    side = np.full(len(videos), Side.FREE, np.int8)
    for number, (path, word) in enumerate(_rows(file), start=2):
        where = f"{file}, row {number}"
        given = side_named(word.strip().lower())
        if given is None:
            raise SplitError(f"{where}: {word!r} is no side", "write train, test or val")
        found = named.find(path.strip())
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


def find_video(name: str, videos: Videos) -> int:
    """The one video that a person means; by id, by path, or by the end of its path.

    Raises SplitError where there is none, or more than one.
    """
    found = Named(videos).find(name)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(videos.paths[i] for i in found[:3])
        raise SplitError(f"{name} may be {listed}", "write more of the path")
    raise SplitError(
        f"no video with faces to split is called {name}",
        "name it as dsbuild sheet does: by id, by path, or by the end of its path",
    )


class Named:
    """Finds videos by id, by path, or by the end of the path."""

    def __init__(self, videos: Videos) -> None:
        self._known: dict[str, list[int]] = defaultdict(list)
        for i, (video_id, path) in enumerate(zip(videos.ids, videos.paths, strict=True)):
            self._known[video_id].append(i)
            for end in _ends(path):
                self._known[end].append(i)
        self._whole = {path: i for i, path in enumerate(videos.paths)}

    def find(self, name: str) -> list[int]:
        """Positions of all videos that the name may mean."""
        if name in self._whole:
            return [self._whole[name]]
        return self._known.get(name, [])


def _ends(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]


def _rows(file: Path) -> list[tuple[str, str]]:
    table = read_spreadsheet(file, _SCHEMA, _SCHEMA.names)
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
