"""Every name in a dataset's folder, once: the keys under which its storage holds things.

    dsbuild.toml                            settings; its presence makes a place a dataset
    videos/<video_id>.parquet               one row; written last: it is the commit
    faces/<video_id>/<face_id>.png          the crops
    review/                                 the queue, decisions, cannot-links, crops made anew
    manifests/                              train.csv, test.csv, val.csv, split.json, audit.json
    models/<name>/                          a training each
    reports/  logs/                         pictures for people; what unattended runs did
    state/                                  what runs know that no one could compute again

Keys have forward slashes; those that end in one are prefixes. What can be computed again lies
in the user's cache folder (``storage/cache_folder.py``).
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS = "dsbuild.toml"

VIDEOS = "videos/"
FACES = "faces/"
REVIEW = "review/"
MANIFESTS = "manifests/"
MODELS = "models/"
REPORTS = "reports/"
LOGS = "logs/"
STATE = "state/"

RECORD_SUFFIX = ".parquet"
IMAGE_SUFFIX = ".png"
"""Of crops and of pictures for people."""
MANIFEST_SUFFIX = ".csv"

QUEUE = f"{REVIEW}queue.csv"
"""Every face, worst first, for people."""
DECISIONS = f"{REVIEW}decisions.csv"
"""What people said of faces; only ever added to."""
CANNOT_LINKS = f"{REVIEW}cuts.csv"
"""Pairs of videos that only look alike; a split keeps their groups apart."""
FIXED_CROPS = f"{REVIEW}crops/"
"""Crops made anew from what a person marked, a folder a video."""

SIDES = ("train", "test", "val")
"""Words for the sides of a split, in the order in which they are told."""
SPLIT_RECORD = f"{MANIFESTS}split.json"
"""Which video stands on which side, and the hashes of the manifests."""
AUDIT = f"{MANIFESTS}audit.json"
"""What leaks, and what gives the label away."""
STAGED_SPLIT = f"{STATE}split/"
"""The files of a split that is being published; empty at all other times."""

OVERVIEW = f"{REPORTS}overview{IMAGE_SUFFIX}"
SHORTCUT_PLOT = f"{REPORTS}shortcut{IMAGE_SUFFIX}"
MODEL_REPORT = "report.json"
"""Below the folder of a training: its scores."""

RUN_LOG = f"{LOGS}run.log"
RUN_LOG_JSON = f"{LOGS}run.jsonl"

ATTEMPTS = f"{STATE}attempts.json"
"""How often each video that fails was tried."""
LOCATIONS = f"{STATE}locations.json"
"""Where each video's file was last seen."""
FOLLOW_UPS = f"{STATE}follow-ups.json"
"""Of what queue, manifests and baseline were last made."""

_VIDEO_ID = re.compile("[0-9a-f]{16}")


def record_key(video_id: str) -> str:
    """Where a video's record is, or would be."""
    return f"{VIDEOS}{video_id}{RECORD_SUFFIX}"


def recorded_video(key: str) -> str | None:
    """The id of the video whose record this key is of; None for another thing."""
    name = key.removeprefix(VIDEOS)
    return name.removesuffix(RECORD_SUFFIX) if name.endswith(RECORD_SUFFIX) else None


def crops_prefix(video_id: str) -> str:
    """Where a video's crops are."""
    return f"{FACES}{video_id}/"


def crop_name(face_id: str) -> str:
    """The last part of a crop's key."""
    return f"{face_id}{IMAGE_SUFFIX}"


def crop_key(video_id: str, face_id: str) -> str:
    """Where a crop is; this is also the ``path`` of a manifest."""
    return f"{FACES}{video_id}/{crop_name(face_id)}"


def crop_keys(video_ids: "pa.ChunkedArray", face_ids: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """As :func:`crop_key`, for columns of a table."""
    import pyarrow.compute as pc  # not for who prints a name of a file

    return pc.binary_join_element_wise(FACES, video_ids, "/", face_ids, IMAGE_SUFFIX, "")


def fixed_crop_key(video_id: str, face_id: str, sha256: str) -> str:
    """Where a crop that was made anew is: named by its bytes, so that none is ever replaced."""
    return f"{FIXED_CROPS}{video_id}/{face_id}-{sha256[:8]}{IMAGE_SUFFIX}"


def manifest_key(side: str) -> str:
    """Where the manifest of a side of the split is."""
    return f"{MANIFESTS}{side}{MANIFEST_SUFFIX}"


def is_manifest(key: str) -> bool:
    """Whether a key is one of a manifest, of whichever side."""
    name = key.removeprefix(MANIFESTS)
    return name != key and name.endswith(MANIFEST_SUFFIX) and "/" not in name


def sheet_key(video_id: str) -> str:
    """Where the contact sheet of a video is."""
    return f"{REPORTS}{video_id}{IMAGE_SUFFIX}"


def is_video_id(name: str) -> bool:
    """Whether a name is one that a video's crops lie under."""
    return _VIDEO_ID.fullmatch(name) is not None
