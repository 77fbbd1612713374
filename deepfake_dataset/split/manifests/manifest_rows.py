"""Rows of the manifests: fills the manifest columns from the faces chosen, in pieces.

So a set of ten million faces is never in memory twice.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.manifest import SCHEMA
from deepfake_dataset.split.manifests.split_record import resolution_word
from deepfake_dataset.split.plan import Plan

_PIECE = 200_000  # faces


def manifest_rows(plan: Plan, side: int) -> Iterator[pa.Table]:
    """The faces chosen for a side, in the columns of a manifest."""
    faces, videos = plan.linked.faces, plan.linked.videos
    chosen = plan.selected & (plan.side[videos.of_face] == side)
    group_ids = pa.array([videos.ids[group] for group in plan.group.tolist()])
    words = pa.array([resolution_word(i) for i in range(plan.resolution.scale.bins)])
    for start in range(0, len(chosen), _PIECE):
        piece = slice(start, start + _PIECE)
        mask = pa.array(chosen[piece])
        rows = faces.slice(start, _PIECE).filter(mask)
        if not rows.num_rows:
            continue
        here = np.flatnonzero(chosen[piece]) + start
        made = {
            "path": rows["crop"],
            "group_id": group_ids.take(pa.array(videos.of_face[here])),
            "resolution": words.take(pa.array(plan.resolution.bin[here])),
            # Records keep more digits than mean anything: microseconds, hundredths of a pixel.
            "time_s": pc.round(rows["time_s"], 6),
            "native_px": pc.round(rows["native_px"], 2),
        }
        columns = [made.get(name, _column(rows, name)) for name in SCHEMA.names]
        yield pa.table(columns, names=SCHEMA.names)


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray:
    """A column of the faces; nothing was looked for where they do not have it."""
    if name in rows.column_names:
        return rows[name]
    return pa.chunked_array([pa.nulls(rows.num_rows, SCHEMA.field(name).type)])
