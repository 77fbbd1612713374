"""Cannot-links: pairs of videos that only look alike, kept in ``review/cuts.csv``.

Two columns, ``a`` and ``b``: a video each, by id, by path or by the end of its path. The file
may be edited by hand.
"""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.csv_tables import parse_spreadsheet
from deepfake_dataset.dataset.layout import CANNOT_LINKS
from deepfake_dataset.dataset.spreadsheet_safety import formula_safe
from deepfake_dataset.errors import MissingKeyError, SplitError
from deepfake_dataset.split.links.spanning_forest import Edges
from deepfake_dataset.split.video_lookup import VideoLookup, find_video
from deepfake_dataset.split.video_table import VideoTable
from deepfake_dataset.storage.base import Storage

_SCHEMA = pa.schema([("a", pa.string()), ("b", pa.string())])

VideoPair = frozenset[str]
"""The ids of two videos."""


def read_cannot_links(storage: Storage, videos: VideoTable) -> set[VideoPair]:
    """The pairs that the file names; none where it is not there.

    Rows about videos that have no faces now are passed over. Raises ManifestError for a file
    that cannot be read.
    """
    try:
        data = storage.get(CANNOT_LINKS)
    except MissingKeyError:
        return set()
    table = parse_spreadsheet(data, storage.location(CANNOT_LINKS), _SCHEMA, _SCHEMA.names)
    rows, lookup = zip(*table.to_pydict().values(), strict=True), VideoLookup(videos)
    found = ((lookup.find(a.strip()), lookup.find(b.strip())) for a, b in rows)
    return {frozenset((videos.ids[a[0]], videos.ids[b[0]])) for a, b in found if a and b}


def parse_cannot_link(text: str, videos: VideoTable) -> VideoPair:
    """The pair that a person means by two videos with a comma between them.

    Raises SplitError where it is not two videos of the dataset.
    """
    names = text.split(",")
    if len(names) != 2:
        raise SplitError(f"--cut {text} is not two videos", "write it as --cut A,B")
    pair = frozenset(videos.ids[find_video(name.strip(), videos)] for name in names)
    if len(pair) == 1:
        raise SplitError(f"--cut {text} names one video twice", "write it as --cut A,B")
    return pair


def append_cannot_links(storage: Storage, pairs: Sequence[VideoPair]) -> None:
    """Add pairs to the file, which is made where there is none; safe when this returns.

    Raises ConflictError where someone else changes the file at this moment.
    """
    if storage.stat(CANNOT_LINKS) is None:
        data = _as_lines([_SCHEMA.names, *pairs], ",")
        storage.put(CANNOT_LINKS, data, unless_exists=True)
    elif pairs:
        data, version = storage.get_with_version(CANNOT_LINKS)
        header, _, _ = data.decode(errors="replace").partition("\n")
        lines = _as_lines(pairs, max(",;\t", key=header.count))
        # A person's editor may have left out the last line break.
        whole = data if data.endswith(b"\n") else data + b"\n"
        storage.put(CANNOT_LINKS, whole + lines, if_version=version)


def _as_lines(rows: Iterable[Iterable[str]], separator: str) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, delimiter=separator, lineterminator="\n")
    lines.writerows([formula_safe(video) for video in sorted(row)] for row in rows)
    return text.getvalue().encode()


@dataclass(frozen=True, slots=True, eq=False)
class CannotLinks:
    """Which edges between some nodes are forbidden, each node being of a video."""

    video: NDArray[np.int64]
    """A number for the video of each node."""
    _codes: NDArray[np.int64]

    @classmethod
    def between(cls, video_ids: Sequence[str], pairs: Collection[VideoPair]) -> Self:
        """For nodes of these videos."""
        number = {video_id: i for i, video_id in enumerate(dict.fromkeys(video_ids))}
        known = [sorted(number[id_] for id_ in pair) for pair in pairs if pair <= number.keys()]
        codes = [(two[0] << 32) + two[-1] for two in known]
        video = np.array([number[video_id] for video_id in video_ids], np.int64)
        return cls(video, np.array(codes, np.int64))

    def allowed(self, edges: Edges) -> Edges:
        """The edges that join no pair."""
        if not len(self._codes):
            return edges
        a, b = self.video[edges.a], self.video[edges.b]
        codes = (np.minimum(a, b) << 32) + np.maximum(a, b)
        return edges.take(np.flatnonzero(~np.isin(codes, self._codes)))
