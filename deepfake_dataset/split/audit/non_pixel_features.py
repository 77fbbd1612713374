"""Non-pixel features of faces (size, codec, bit rate …), which a detector should not use."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.split.audit.manifest_or_image_folder import AuditedSide, ImageMeasures

FACE_FEATURES = (
    "native_px",
    "sharpness",
    "brightness",
    "outside",
    "score",
    "yaw_deg",
    "roll_deg",
    "time_s",
    "frame_type",
    "codec",
    "container",
    "fps",
    "bit_rate",
    "duration_s",
    "width",
    "height",
    "size_bytes",
)
"""Columns of the table of faces that are features as they stand."""
NEEDED_COLUMNS = (*FACE_FEATURES, "center_x", "center_y", "video_id")
"""Columns of the table of faces that features are made of."""
_MOST_WORDS = 254
"""That are told apart: the most frequent ones."""


def face_features(faces: pa.Table) -> pa.Table:
    """A column a feature, a row a face of :func:`deepfake_dataset.dataset.face_table.read_faces`.

    Beside :data:`FACE_FEATURES`: where in the frame and in the video the face is, bits a pixel,
    and how many faces its video has.
    """
    features = {name: faces[name] for name in FACE_FEATURES}
    pixels = pc.multiply(faces["width"], faces["height"])
    features["center_x_share"] = pc.divide(faces["center_x"], faces["width"])
    features["center_y_share"] = pc.divide(faces["center_y"], faces["height"])
    features["time_share"] = pc.divide(faces["time_s"], faces["duration_s"])
    rate = pc.multiply(pc.cast(pixels, pa.float64()), faces["fps"])
    features["bits_a_pixel"] = pc.divide(faces["bit_rate"], rate)
    features["faces_in_video"] = _counts(faces["video_id"])
    return pa.table(features)


def manifest_features(side: AuditedSide, measures: Sequence[ImageMeasures | None]) -> pa.Table:
    """What a manifest says of its rows, and what their files show, where these were measured."""
    rows = side.rows
    features = {name: rows[name] for name in ("native_px", "time_s", "codec")}
    features["faces_in_video"] = _counts(rows["video_id"])
    features["format"] = pc.replace_substring_regex(rows["path"], r"^.*\.", "")
    for name in ("width", "height", "size_bytes", "brightness", "sharpness"):
        values = [getattr(one, name) if one else None for one in measures]
        features[name] = pa.chunked_array([pa.array(values, pa.float64())])
    return pa.table(features)


def _counts(ids: pa.ChunkedArray) -> pa.Array:
    """How often each one's id occurs; null where there is no id."""
    coded = ids.combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(len(coded.dictionary)).to_numpy()
    counts = np.bincount(codes, minlength=len(coded.dictionary) + 1)
    return pa.array(counts[codes].astype(float), mask=codes == len(coded.dictionary))


def feature_matrix(features: pa.Table) -> tuple[NDArray[np.float64], list[bool]]:
    """(n, features) numbers, and which of them stand for words.

    A missing number is NaN, a missing word the last of the 255 that a classifier takes.
    """
    columns = [_numbers(column) for column in features.columns]
    words = [not _is_number(field.type) for field in features.schema]
    return np.column_stack(columns), words


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    flat = column.combine_chunks()
    if _is_number(flat.type):
        return np.asarray(flat.cast(pa.float64()).fill_null(np.nan).to_numpy())
    coded = flat.dictionary_encode()
    words = coded.dictionary.to_pylist()
    codes = coded.indices.fill_null(len(words)).to_numpy()
    counts = np.bincount(codes, minlength=len(words))
    order = sorted(range(len(words)), key=lambda i: (-counts[i], words[i]))
    rank = np.full(len(words) + 1, float(_MOST_WORDS))
    rank[order] = np.minimum(np.arange(len(words)), _MOST_WORDS - 1)
    return np.asarray(rank[codes])


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
