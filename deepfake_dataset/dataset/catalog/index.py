"""An index of all records: each in brief, without reading those that have not changed.

Opening ten thousand Parquet files takes seconds; what ``status`` and the plan of a run need
of them is kept in one small table beside them. The table is derived: it may be deleted.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.schema import from_row, to_row
from deepfake_dataset.records import Provenance, Status, Video
from deepfake_dataset.storage.cache_folder import cache_database, discard_cached

_FILE = "briefs.sqlite3"
_CREATE = (
    "CREATE TABLE IF NOT EXISTS brief"
    " (video_id TEXT PRIMARY KEY, state TEXT NOT NULL, row TEXT NOT NULL) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Count:
    """How often something occurred."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class VideoSummary:
    """What is counted of a record, and what decides whether it is current."""

    video_id: str
    path: str
    provenance: Provenance
    settings_key: str
    status: Status
    error: str
    message: str
    faces: int
    causes: tuple[Count, ...]
    """Scenes by why they began."""
    misses: tuple[Count, ...]
    """Sampled frames without a face, by reason."""
    frames: int
    frames_corrupt: int
    packets_damaged: int


def summary_of(video: Video) -> VideoSummary:
    """The record in brief."""
    stream = video.stream
    return VideoSummary(
        video_id=video.video_id,
        path=video.path,
        provenance=video.provenance,
        settings_key=video.settings_key,
        status=video.status,
        error=video.error,
        message=video.message,
        faces=len(video.faces),
        causes=_counted(scene.cause for scene in video.scenes),
        misses=_counted(miss.reason for miss in video.misses),
        frames=stream.frames if stream else 0,
        frames_corrupt=stream.frames_corrupt if stream else 0,
        packets_damaged=stream.packets_damaged if stream else 0,
    )


def read_summaries(dataset: Dataset) -> dict[str, VideoSummary]:
    """Every committed video in brief, by video id in order.

    Raises :class:`UsageError` for a record that cannot be read.
    """
    cache = dataset.cache_folder / _FILE
    known = _load(cache)
    states = dataset.record_versions()
    fresh: dict[str, tuple[str, VideoSummary]] = {}
    for video_id, state in states.items():
        if known.get(video_id, ("", None))[0] != state:
            with suppress(KeyError):  # a run may have taken it out since
                fresh[video_id] = state, summary_of(dataset.read(video_id))
    gone = known.keys() - states.keys()
    if fresh or gone:
        _save(cache, fresh, gone)
    current = known | fresh
    return {id_: current[id_][1] for id_ in sorted(current.keys() & states.keys())}


def _counted(words: Iterable[str]) -> tuple[Count, ...]:
    return tuple(Count(str(word), number) for word, number in sorted(Counter(words).items()))


def _load(cache: Path) -> dict[str, tuple[str, VideoSummary]]:
    """A cache that is damaged, or another version's, is thrown away."""
    try:
        if not cache.exists():
            return {}
        with cache_database(cache) as database:
            rows = database.execute("SELECT video_id, state, row FROM brief")
            return {
                id_: (state, from_row(VideoSummary, json.loads(row))) for id_, state, row in rows
            }
    except (OSError, sqlite3.Error, TypeError, ValueError):
        discard_cached(cache)
        return {}


def _save(cache: Path, fresh: dict[str, tuple[str, VideoSummary]], gone: Iterable[str]) -> None:
    """A dataset on a read-only disk can still be read: nothing is cached then."""
    rows = [(id_, state, json.dumps(to_row(summary))) for id_, (state, summary) in fresh.items()]
    with suppress(OSError, sqlite3.Error), cache_database(cache) as database:
        database.execute(_CREATE)
        database.executemany("REPLACE INTO brief VALUES (?, ?, ?)", rows)
        database.executemany("DELETE FROM brief WHERE video_id = ?", [(id_,) for id_ in gone])
