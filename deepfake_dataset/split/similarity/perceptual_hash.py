"""Perceptual hash of a crop: alike pictures differ in few of its 256 bits.

The bits are the signs of the 16 × 16 lowest frequencies of a discrete cosine transform of the
luma at 64 × 64 pixels, but for the mean. Brightness and contrast do not enter; a mirrored
picture flips every second column of bits, whatever the picture.

The usual 64 bits do not tell aligned faces apart: eyes, nose and mouth are at the same place
in all of them. benchmarks/people.py prints distances.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.progress import OnProgress, no_progress
from deepfake_dataset.split.similarity.embedding_and_hash_cache import CropVectorCache
from deepfake_dataset.split.similarity.read_crop import Image, UnusableCrop, read_verified_crop
from deepfake_dataset.storage.base import Storage

BITS = 256
_SIDE = 16
_SMALL = 64
# A frequency whose amplitude is below one grey level is noise, and its sign is chance. Rounding
# to whole grey levels makes amplitudes of 0.07.
_NOISE = 1.0
_LEAST_SHARE = 0.5
_AT_ONCE = 20_000

Hash = NDArray[np.uint8]
"""(32,): 256 bits."""

_MIRROR = np.packbits(np.tile(np.arange(_SIDE) % 2 == 1, _SIDE))
NO_HASH = np.zeros(BITS // 8, np.uint8)
"""Instead of the hash of a picture with too little in it."""


def perceptual_hash(luma: Image) -> Hash:
    """The hash of luma (h, w); :data:`NO_HASH` where it is too dark or blurred to be told by."""
    small = cv2.resize(luma, (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)
    waves = cv2.dct(small.astype(np.float32))[:_SIDE, :_SIDE].ravel()
    waves[0] = 0
    if np.mean(np.abs(waves) > _NOISE) < _LEAST_SHARE:
        return NO_HASH
    return np.packbits(waves > 0)


def mirrored(hashes: Hash) -> Hash:
    """The hashes (…, 32) of the mirrored pictures; :data:`NO_HASH` stays what it is."""
    hashed = hashes.any(axis=-1, keepdims=True)
    return np.where(hashed, hashes ^ _MIRROR, NO_HASH).astype(np.uint8)


def hash_crops(
    dataset: Dataset, faces: pa.Table, *, threads: int, on_progress: OnProgress = no_progress
) -> tuple[Hash, tuple[UnusableCrop, ...]]:
    """Hashes (n, 32) of a table with ``crop`` and ``sha256``, and the crops that have none.

    Kept in the user's cache by the crops' bytes. A crop that is gone or not the one recorded has
    :data:`NO_HASH`, and is named.
    """
    cache = CropVectorCache(dataset.cache_folder / "hashes.sqlite3", BITS // 8, np.dtype(np.uint8))
    sha256, crops = faces["sha256"].to_pylist(), faces["crop"].to_pylist()
    rows, known = cache.look_up(sha256, missing=0)
    todo = np.flatnonzero(~known)
    unusable: list[UnusableCrop] = []
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(todo), _AT_ONCE):
            some = todo[start : start + _AT_ONCE].tolist()
            read = pool.map(lambda i: _hash_crop(dataset.storage, crops[i], sha256[i]), some)
            good = []
            for i, made in zip(some, read, strict=True):
                if isinstance(made, UnusableCrop):
                    unusable.append(made)
                else:
                    rows[i] = made
                    good.append(i)
            cache.add([sha256[i] for i in good], rows[good])
            on_progress("crops compared", start + len(some), len(todo))
    return rows, tuple(unusable)


def _hash_crop(storage: Storage, crop: str, sha256: str) -> Hash | UnusableCrop:
    image = read_verified_crop(storage, crop, sha256)
    return image if isinstance(image, UnusableCrop) else perceptual_hash(_luma(image))


def _luma(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def hash_to_hex(rows: Hash) -> pa.Array:
    """Hashes (n, 32) as 64 hex digits each, empty where there is none."""
    digits = rows.tobytes().hex()
    width = BITS // 4
    starts = range(0, len(digits), width)
    hashed = np.asarray(rows.any(axis=1))
    return pa.array(
        [digits[i : i + width] if t else "" for i, t in zip(starts, hashed, strict=True)],
        pa.string(),
    )


def hash_from_hex(column: pa.ChunkedArray) -> Hash:
    """The hashes (n, 32) that :func:`hash_to_hex` wrote; what is no hash is none."""
    hashed = pc.fill_null(pc.match_substring_regex(column, f"^[0-9a-f]{{{BITS // 4}}}$"), False)
    rows = np.zeros((len(column), BITS // 8), np.uint8)
    digits = "".join(column.filter(hashed).to_pylist())
    rows[hashed.to_numpy()] = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, BITS // 8)
    return rows
