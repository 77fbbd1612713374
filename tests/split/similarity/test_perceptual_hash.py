import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from skimage import data

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.split.similarity.near_duplicates import DUPLICATE_BITS
from deepfake_dataset.split.similarity.perceptual_hash import (
    NO_HASH,
    hash_crops,
    hash_from_hex,
    hash_to_hex,
    mirrored,
    perceptual_hash,
)
from deepfake_dataset.split.similarity.read_crop import UnusableCrop

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def face() -> Image:
    return cv2.resize(
        cv2.cvtColor(data.astronaut()[0:220, 110:330], cv2.COLOR_RGB2GRAY), (256, 256)
    )


@pytest.fixture(scope="module")
def other() -> Image:
    return cv2.resize(data.camera()[60:260, 120:320], (256, 256))


def _apart(one: Image, two: Image) -> int:
    return int(np.unpackbits(perceptual_hash(one) ^ perceptual_hash(two)).sum())


def _jpeg(luma: Image) -> Image:
    return cv2.imdecode(cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], 0)


def _small(luma: Image) -> Image:
    return cv2.resize(cv2.resize(luma, (48, 48), interpolation=cv2.INTER_AREA), (200, 200))


@pytest.mark.parametrize(
    "change",
    [
        _jpeg,
        _small,
        lambda luma: (luma // 4 + 20).astype(np.uint8),
        lambda luma: (255 * (luma / 255) ** 0.6).astype(np.uint8),
        lambda luma: cv2.GaussianBlur(luma, (0, 0), 6),
    ],
    ids=["jpeg", "small", "dull", "gamma", "blurred"],
)
def test_a_copy_is_near_its_original(face: Image, change: Callable[[Image], Image]) -> None:
    assert _apart(face, change(face)) <= DUPLICATE_BITS // 2


def test_another_picture_is_far(face: Image, other: Image) -> None:
    assert _apart(face, other) > 2 * DUPLICATE_BITS


def test_the_hash_of_a_mirrored_picture_is_known_from_the_picture(face: Image) -> None:
    assert np.array_equal(
        mirrored(perceptual_hash(face)), perceptual_hash(np.ascontiguousarray(face[:, ::-1]))
    )
    assert np.array_equal(mirrored(NO_HASH), NO_HASH)


@pytest.mark.parametrize(
    "luma",
    [
        np.zeros((256, 256), np.uint8),
        np.full((256, 256), 130, np.uint8),
        np.tile(np.arange(256, dtype=np.uint8) // 100, (256, 1)),
    ],
    ids=["black", "flat", "almost flat"],
)
def test_a_picture_with_too_little_in_it_has_no_hash(luma: Image) -> None:
    assert np.array_equal(perceptual_hash(luma), NO_HASH)


def test_what_is_blurred_beyond_telling_has_no_hash(face: Image, other: Image) -> None:
    for luma in (face, other):
        assert np.array_equal(perceptual_hash(cv2.GaussianBlur(luma, (0, 0), 40)), NO_HASH)


@given(arrays(np.uint8, (7, 32)))
def test_text_gives_the_same_hashes_back(rows: Image) -> None:
    assert np.array_equal(hash_from_hex(pa.chunked_array([hash_to_hex(rows)])), rows)


def test_text_that_is_no_hash_counts_as_none() -> None:
    column = pa.chunked_array([pa.array(["", None, "xyz", "g" * 64, "AB" * 32, "ab" * 32])])
    assert hash_from_hex(column).any(axis=1).tolist() == [False] * 5 + [True]


def _crops(root: Path, pictures: dict[str, Image]) -> pa.Table:
    rows = []
    for name, picture in pictures.items():
        cv2.imwrite(str(root / name), picture)
        rows.append((name, hashlib.sha256((root / name).read_bytes()).hexdigest()))
    crop, sha256 = zip(*rows, strict=True)
    return pa.table({"crop": pa.array(crop), "sha256": pa.array(sha256)})


def test_crops_are_hashed_once_and_missing_ones_named(
    dataset: Dataset, face: Image, other: Image
) -> None:
    faces = _crops(dataset.root, {"a.png": face, "b.png": other})
    (dataset.root / "b.png").unlink()
    rows, unusable = hash_crops(dataset, faces, threads=2)
    assert np.array_equal(rows[0], perceptual_hash(face))
    assert np.array_equal(rows[1], NO_HASH)
    assert [u.crop for u in unusable] == ["b.png"]
    (dataset.root / "a.png").unlink()
    again, unusable = hash_crops(dataset, faces, threads=1)
    assert np.array_equal(again, rows)
    assert unusable == (UnusableCrop("b.png", "No such file or directory"),)
