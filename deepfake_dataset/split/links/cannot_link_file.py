"""``review/cuts.csv``: pairs of videos that a person said not to be joined for their looks.

Two columns, ``a`` and ``b``: a video each, by id, by path or by the end of its path.
"""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from deepfake_dataset.dataset.csv_tables import read_spreadsheet
from deepfake_dataset.dataset.spreadsheet_safety import neutral
from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.assignment.given_split import Named, find_video
from deepfake_dataset.split.video_table import Videos
from deepfake_dataset.storage.os_errors import writing

_SCHEMA = pa.schema([("a", pa.string()), ("b", pa.string())])

Pair = frozenset[str]
"""The ids of two videos."""


def read_cuts(file: Path, videos: Videos) -> set[Pair]:
    """The pairs that were cut; none where the file is not there.

    Rows about videos that have no faces now are passed over. Raises ManifestError for a file
    that cannot be read.
    """
    if not file.exists():
        return set()
    table, named = read_spreadsheet(file, _SCHEMA, _SCHEMA.names), Named(videos)
    rows = zip(table["a"].to_pylist(), table["b"].to_pylist(), strict=True)
    found = ((named.find(a.strip()), named.find(b.strip())) for a, b in rows)
    return {frozenset((videos.ids[a[0]], videos.ids[b[0]])) for a, b in found if a and b}


def parse_cut(text: str, videos: Videos) -> Pair:
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


def keep_cuts(file: Path, pairs: Sequence[Pair]) -> None:
    """Add pairs to the file, which is made where there is none; on the disk when this ends."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    if not file.exists():
        lines.writerow(_SCHEMA.names)
    lines.writerows([neutral(video) for video in sorted(pair)] for pair in pairs)
    with writing(file):
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text.getvalue())
            opened.flush()
            os.fsync(opened.fileno())
