"""One side of a split to audit: rows of anyone's manifest, or the images of a folder."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from deepfake_dataset.dataset.layout import manifest_key
from deepfake_dataset.dataset.manifest import SCHEMA, parse_manifest, read_manifest
from deepfake_dataset.errors import ManifestError
from deepfake_dataset.records import Label
from deepfake_dataset.split.similarity.perceptual_hash import (
    BITS,
    NO_HASH,
    Hash,
    hash_to_hex,
    perceptual_hash,
)
from deepfake_dataset.storage.base import Storage

_IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_PATHS_TRIED = 50
"""Paths of a manifest that are tried to find the folder that they count from."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditedSide:
    """Rows of one side."""

    name: str
    """``train``, ``test`` …, or what the file is called."""
    source: str
    """The manifest, or the folder, as people are told."""
    rows: pa.Table
    """In the columns of a manifest; null where the side does not have them."""
    root: str | None
    """The place that the rows' paths count from; None where the images are not there."""
    header: bool = True
    """Whether a row stands below a header in a file."""

    def place(self, row: int) -> str:
        """Where a row stands, for people: as a spreadsheet counts, the header being row 1."""
        path = self.rows["path"][row].as_py()
        return f"{self.source}, row {row + 2}: {path}" if self.header else f"{self.source}/{path}"


def read_side(path: Path, label_of: Callable[[str], Label | None]) -> AuditedSide:
    """The rows of a manifest, or a row for each image in a folder.

    ``label_of`` tells what the name of a folder of images says of them. Raises ManifestError
    for a manifest that cannot be read and a folder without images.
    """
    if path.is_dir():
        return AuditedSide(path.name, str(path), _images(path, label_of), str(path), header=False)
    rows = read_manifest(path)
    return AuditedSide(path.stem, str(path), rows, _root_of(path, rows))


def side_of_dataset(storage: Storage, side: str, data: bytes | None = None) -> AuditedSide:
    """A side of a dataset's own split; ``data`` is its manifest where that is not there yet."""
    key = manifest_key(side)
    place = storage.location(key)
    rows = parse_manifest(storage.get(key) if data is None else data, place)
    return AuditedSide(side, place, rows, storage.identity())


def _root_of(manifest: Path, rows: pa.Table) -> str | None:
    """The manifest's folder, or the one above it, as our own manifests have it."""
    paths = rows["path"].slice(0, _PATHS_TRIED).to_pylist()
    for root in (manifest.absolute().parent, manifest.absolute().parent.parent):
        if any((root / path).is_file() for path in paths):
            return str(root)
    return None


def _images(folder: Path, label_of: Callable[[str], Label | None]) -> pa.Table:
    files = sorted(
        f for f in folder.rglob("*") if f.suffix.lower() in _IMAGE_SUFFIXES and f.is_file()
    )
    if not files:
        raise ManifestError(
            f"{folder} has no images",
            f"name a manifest, or a folder of {', '.join(_IMAGE_SUFFIXES)}",
        )
    paths = [file.relative_to(folder) for file in files]
    labels = [_label(path, folder.name, label_of) for path in paths]
    known = {"path": [path.as_posix() for path in paths], "label": labels}
    columns = [known.get(f.name, [None] * len(files)) for f in SCHEMA]
    return pa.table(columns, schema=SCHEMA)


def _label(path: Path, top: str, label_of: Callable[[str], Label | None]) -> str:
    """What the nearest folder says whose name is a label; empty where none is."""
    for name in (*reversed(path.parts[:-1]), top):
        if (label := label_of(name)) is not None:
            return str(label)
    return ""


@dataclass(frozen=True, slots=True)
class ImageMeasures:
    """What an image file shows of itself."""

    sha256: str
    phash: Hash
    width: int
    height: int
    size_bytes: int
    brightness: float
    sharpness: float


def measure_image(file: Path) -> ImageMeasures | None:
    """An image's digest, hash and measures; None where it is gone or no picture."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    luma = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if luma is None:
        return None
    grey = np.asarray(luma, np.uint8)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_32F))
    return ImageMeasures(
        sha256=hashlib.sha256(data).hexdigest(),
        phash=perceptual_hash(grey),
        width=grey.shape[1],
        height=grey.shape[0],
        size_bytes=len(data),
        brightness=float(grey.mean()),
        sharpness=float(deviation[0, 0] ** 2),
    )


def measure_images(side: AuditedSide, threads: int) -> list[ImageMeasures | None]:
    """Look at every image of a side; None for each that is not there."""
    if side.root is None:
        return [None] * side.rows.num_rows
    root, paths = Path(side.root), side.rows["path"].to_pylist()
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda path: measure_image(root / path), paths))


def fill_from_images(side: AuditedSide, measures: Sequence[ImageMeasures | None]) -> AuditedSide:
    """The side with digests and hashes of its images, where it does not say its own."""
    if not any(measures):
        return side
    rows = side.rows
    digests = pa.array([one.sha256 if one else "" for one in measures], pa.string())
    hashes = np.array([one.phash if one else NO_HASH for one in measures], np.uint8)
    for name, column in (
        ("sha256", digests),
        ("phash", hash_to_hex(hashes.reshape(-1, BITS // 8))),
    ):
        if not _is_given(rows[name]):
            rows = rows.set_column(rows.schema.get_field_index(name), SCHEMA.field(name), column)
    return replace(side, rows=rows)


def _is_given(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.fill_null(pc.not_equal(column, ""), False), min_count=0).as_py())
