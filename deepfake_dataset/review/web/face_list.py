"""The list of all faces for the page: columns of numbers that a browser reads without parsing.

A hundred thousand faces are 6 MB this way, and are shown without a pause to read them
(``benchmarks/review_page.py``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.dataset.decisions import State
from deepfake_dataset.records import Label
from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.review.session import ReviewSession

LABELS = tuple(Label)
HASH_DIGITS = 16
"""Hex digits of a crop's SHA-256 by which a page asks for it: no two crops share them."""
_ALIGNED = 8
_VIDEO = ("video_path", "label", "method", "target", "donor", "width", "height")


@dataclass(frozen=True, slots=True)
class FaceList:
    """What of the faces never changes while the server runs."""

    videos: tuple[dict[str, Any], ...]
    columns: Mapping[str, NDArray[Any]]
    ids: bytes
    """Face ids by line."""


def make_face_list(faces: pa.Table) -> FaceList:
    """Of faces in the order of the queue."""
    coded = faces["video_id"].combine_chunks().dictionary_encode()
    video = np.asarray(coded.indices.to_numpy())
    _, first = np.unique(video, return_index=True)
    shown = faces.select(("video_id", *_VIDEO)).take(pa.array(first)).to_pylist()
    columns = {
        "video": video.astype("<u4"),
        "time": faces["time_s"].to_numpy().astype("<f4"),
        "suspicion": faces["suspicion"].to_numpy().astype("<f4"),
        "frame": faces["frame"].to_numpy().astype("<u4"),
        "track": faces["track"].to_numpy().astype("<u4"),
        "scene": faces["scene"].to_numpy().astype("<u2"),
        "reasons": _masks(faces["reasons"]).astype("<u4"),
        "label": _codes(faces["label"], LABELS).astype("<u1"),
        "hash": _hashes(faces["sha256"]),
    }
    ids = "\n".join(faces["face_id"].to_pylist()).encode()
    return FaceList(tuple(shown), columns, ids)


def encode_face_list(face_list: FaceList, session: ReviewSession, head: Mapping[str, Any]) -> bytes:
    """A line of JSON, then the columns one after another, each at a multiple of eight bytes.

    The JSON says where each column begins after it, and what it is made of.
    """
    verdicts = session.verdicts
    columns = {**face_list.columns, "state": verdicts.state.astype("<u1")}
    columns |= _as_decided(session, columns)
    parts = {name: values.tobytes() for name, values in columns.items()} | {"ids": face_list.ids}
    places, at = {}, 0
    for name, data in parts.items():
        places[name] = [at, len(data)]
        at += len(data) + -len(data) % _ALIGNED
    top = json.dumps({**head, "videos": face_list.videos, "columns": places}).encode()
    top += b" " * (-(len(top) + 1) % _ALIGNED) + b"\n"
    return top + b"".join(data + bytes(-len(data) % _ALIGNED) for data in parts.values())


def hash_of_crop(session: ReviewSession, position: int) -> str:
    """Of the crop that counts now, as far as an address of the page names it."""
    return session.crop_sha256(position)[:HASH_DIGITS]


def label_code(session: ReviewSession, position: int) -> int:
    """Index into :data:`LABELS` of the label that counts now."""
    return LABELS.index(session.label(session.faces["face_id"][position].as_py()))


def _as_decided(
    session: ReviewSession, columns: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Labels and crops as people changed them."""
    label, hashes = columns["label"].copy(), columns["hash"].copy()
    for position in np.flatnonzero(session.verdicts.is_in(State.RELABELLED)):
        label[position] = label_code(session, int(position))
    for position in np.flatnonzero(session.verdicts.is_in(State.FIXED)):
        digits = hash_of_crop(session, int(position))
        hashes[position] = np.frombuffer(bytes.fromhex(digits), np.uint8)
    return {"label": label, "hash": hashes}


def _masks(reasons: pa.ChunkedArray) -> NDArray[np.int64]:
    """A bit for each reason, the first of ``all_reasons`` the lowest."""
    lists = reasons.combine_chunks()
    names = pa.array([reason.name for reason in all_reasons()])
    bits = np.left_shift(
        np.int64(1), pc.index_in(lists.flatten(), names).to_numpy(zero_copy_only=False)
    )
    owners = pc.list_parent_indices(lists).to_numpy()
    return np.bincount(owners, bits, minlength=len(lists)).astype(np.int64)


def _codes(column: pa.ChunkedArray, words: tuple[Label, ...]) -> NDArray[np.int64]:
    codes = pc.index_in(column, pa.array([str(word) for word in words]))
    return np.asarray(codes.to_numpy())


def _hashes(sha256: pa.ChunkedArray) -> NDArray[np.uint8]:
    """(n, 8) bytes."""
    digits = "".join(pc.utf8_slice_codeunits(sha256, 0, HASH_DIGITS).to_pylist())
    return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, HASH_DIGITS // 2)
