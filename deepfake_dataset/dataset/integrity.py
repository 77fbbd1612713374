"""Whether a dataset is whole: records, crops, fixed crops, the log of decisions, manifests."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import read_decisions
from deepfake_dataset.dataset.manifest import read_manifest
from deepfake_dataset.errors import (
    DecisionsError,
    ManifestError,
    StorageError,
    UnavailableError,
    UsageError,
)
from deepfake_dataset.records import Video

_REVIEWING_S = 3600.0
"""A fixed crop is written before the decision that names it: a younger one is left alone."""


class Flaw(StrEnum):
    """What is wrong with a file."""

    DAMAGED_RECORD = "damaged-record"
    MISSING_CROP = "missing-crop"
    CHANGED_CROP = "changed-crop"
    """Its bytes are not those that were written: bit rot, or another program."""
    ORPHAN = "orphan"
    """A crop that no record and no decision names."""
    HALF_MADE = "half-made"
    """What a killed run left; the next one clears it away too."""
    MISSING_FIX = "missing-fix"
    CHANGED_FIX = "changed-fix"
    DAMAGED_DECISIONS = "damaged-decisions"
    DAMAGED_MANIFEST = "damaged-manifest"
    STALE_MANIFEST = "stale-manifest"
    """It names crops that are not there, or others than those that are."""


HINTS = {
    Flaw.DAMAGED_RECORD: "dsbuild verify --repair does its video again",
    Flaw.MISSING_CROP: "dsbuild verify --repair does its video again",
    Flaw.CHANGED_CROP: "dsbuild verify --repair does its video again; check the disk",
    Flaw.ORPHAN: "dsbuild verify --repair deletes it",
    Flaw.HALF_MADE: "dsbuild verify --repair deletes it, and so does the next run",
    Flaw.MISSING_FIX: "bring it back from a copy, or fix the face again",
    Flaw.CHANGED_FIX: "bring it back from a copy, or fix the face again; check the disk",
    Flaw.DAMAGED_DECISIONS: "mend that line, or bring the file back from a copy",
    Flaw.DAMAGED_MANIFEST: "dsbuild split makes it again",
    Flaw.STALE_MANIFEST: "dsbuild split makes it again",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    flaw: Flaw
    path: str
    """Key of the object, or where the half-made thing lies; forward slashes."""
    detail: str
    video_id: str = ""
    """Of the video that would have to be done again; empty where none would."""


class Check:
    """One look at every file of a dataset. Only for who holds its lock."""

    def __init__(self, dataset: Dataset) -> None:
        self.records = 0
        self.crops = 0
        self.bytes = 0
        """Of the crops."""
        self._dataset = dataset
        self._storage = dataset.storage
        self._hashes: dict[str, str] = {}
        """Of sound crops, by path below the dataset."""

    def problems(self) -> Iterator[Problem]:
        """All that is wrong, as it is found."""
        yield from self._half_made()
        yield from self._records()
        yield from self._orphan_folders()
        yield from self._fixes()
        yield from self._manifests()

    def _half_made(self) -> Iterator[Problem]:
        for path in self._storage.half_written():
            yield Problem(Flaw.HALF_MADE, path, "")

    def _records(self) -> Iterator[Problem]:
        for video_id in self._dataset.video_ids():
            self.records += 1
            try:
                video = self._dataset.read(video_id)
            except UsageError as error:
                yield self._damaged(video_id, str(error))
                continue
            if video.video_id != video_id:
                yield self._damaged(video_id, f"it is the record of {video.video_id}")
            elif not self._dataset.is_as_written(video):
                yield self._damaged(video_id, "its bytes are not those that were written")
            else:
                yield from self._crops_of(video)

    def _damaged(self, video_id: str, detail: str) -> Problem:
        return Problem(Flaw.DAMAGED_RECORD, layout.record_key(video_id), detail, video_id)

    def _crops_of(self, video: Video) -> Iterator[Problem]:
        prefix = layout.crops_prefix(video.video_id)
        there = {entry.key for entry in self._storage.entries(prefix)}
        for face in video.faces:
            key = layout.crop_key(video.video_id, face.face_id)
            there.discard(key)
            yield from self._crop(key, face.sha256, video.video_id)
        for key in sorted(there):
            yield Problem(Flaw.ORPHAN, key, f"{video.path} has no such face")

    def _crop(self, key: str, sha256: str, video_id: str) -> Iterator[Problem]:
        self.crops += 1
        missing, changed = Flaw.MISSING_CROP, Flaw.CHANGED_CROP
        if not video_id:
            missing, changed = Flaw.MISSING_FIX, Flaw.CHANGED_FIX
        try:
            data = self._storage.get(key)
        except UnavailableError:
            raise
        except StorageError as error:
            yield Problem(missing, key, error.reason, video_id)
            return
        self.bytes += len(data)
        found = hashlib.sha256(data).hexdigest()
        if found == sha256:
            self._hashes[key] = sha256
        else:
            detail = f"its SHA-256 is {found[:16]}…, {sha256[:16]}… was written"
            yield Problem(changed, key, detail, video_id)

    def _orphan_folders(self) -> Iterator[Problem]:
        for video_id in self._dataset.videos_with_crops():
            if not self._storage.stat(layout.record_key(video_id)):
                folder = layout.crops_prefix(video_id).rstrip("/")
                yield Problem(Flaw.ORPHAN, folder, "its video has no record")

    def _fixes(self) -> Iterator[Problem]:
        try:
            rows = read_decisions(self._dataset).rows
        except DecisionsError as error:
            yield Problem(Flaw.DAMAGED_DECISIONS, layout.DECISIONS, str(error))
            return
        named = dict(zip(rows["fix_crop"].to_pylist(), rows["fix_sha256"].to_pylist(), strict=True))
        for key, sha256 in named.items():
            if key:
                yield from self._crop(key, sha256, "")
        for entry in self._storage.entries(layout.FIXED_CROPS):
            old = time.time() - entry.modified_s > _REVIEWING_S
            if entry.key.endswith(layout.IMAGE_SUFFIX) and entry.key not in named and old:
                yield Problem(Flaw.ORPHAN, entry.key, "no decision names it")

    def _manifests(self) -> Iterator[Problem]:
        for entry in self._storage.entries(layout.MANIFESTS):
            if not layout.is_manifest(entry.key):
                continue
            try:
                table = read_manifest(self._dataset.root / entry.key)
            except ManifestError as error:
                yield Problem(Flaw.DAMAGED_MANIFEST, entry.key, str(error))
                continue
            rows = zip(table["path"].to_pylist(), table["sha256"].to_pylist(), strict=True)
            wrong = [path for path, sha256 in rows if not self._is_sound(path, sha256)]
            if wrong:
                detail = f"{len(wrong)} of its {table.num_rows} crops, {wrong[0]} the first"
                yield Problem(Flaw.STALE_MANIFEST, entry.key, detail)

    def _is_sound(self, path: str, sha256: str | None) -> bool:
        """Whether a crop is there and is the one meant; other people's manifests name no hash."""
        known = self._hashes.get(path)
        return known is not None and (not sha256 or known == sha256)
