"""The demo's videos: real faces, real H.264, cuts and changes of light, made on the spot.

Photographs that packages ship are filmed by a moving virtual camera; the forged ones are
pseudo-fakes, self-blended photographs filmed by the same camera.
"""

import csv
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path

from deepfake_dataset.demo import encode
from deepfake_dataset.demo.footage import frames
from deepfake_dataset.demo.photo_landmarks import find_photo_landmarks
from deepfake_dataset.demo.photos import Image, load_photo
from deepfake_dataset.demo.pseudo_fake import make_pseudo_fake
from deepfake_dataset.demo.script import FPS, TAKES, Take, truth
from deepfake_dataset.errors import DatasetWriteError
from deepfake_dataset.records import Label, Provenance

METHOD = "SelfBlended"


@dataclass(frozen=True, slots=True)
class Clip:
    """A take as it is filmed: with the photograph, or with its pseudo-fake."""

    take: Take
    forged: bool

    @property
    def path(self) -> str:
        """Below the folder of all clips."""
        name = self.take.name
        return f"fake/{name}-self-blended.mp4" if self.forged else f"real/{name}.mp4"

    @property
    def provenance(self) -> Provenance:
        """Self-blending takes the face from the target, who so is the donor too."""
        person = self.take.person.person
        if self.forged:
            return Provenance(Label.FAKE, METHOD, person, person)
        return Provenance(Label.REAL, target=person)


CLIPS = tuple(Clip(take, forged) for forged in (False, True) for take in TAKES)


def make_videos(folder: Path, clips: Sequence[Clip] = CLIPS) -> list[Path]:
    """Write the clips, ``labels.csv`` and ``truth.csv``; gives the videos' paths.

    Files of the same name are replaced. The same versions of the packages give the same bytes.
    Raises UsageError where a photograph's package is missing, DatasetWriteError where the
    folder cannot be written.
    """
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            paths = list(pool.map(lambda clip: make_video(clip, folder), clips))
        _write_table(folder / "labels.csv", _labels(clips))
        _write_table(folder / "truth.csv", _truth(clips))
    except OSError as error:
        raise DatasetWriteError(
            f"cannot write the demo's videos to {folder}: {error}",
            "name a folder that can be written, on a disk with some megabytes free",
        ) from error
    return paths


def make_video(clip: Clip, folder: Path) -> Path:
    """Film one clip and write it below the folder."""
    take = clip.take
    path = folder / clip.path
    path.parent.mkdir(parents=True, exist_ok=True)
    photos = {photo: load_photo(photo) for photo in take.photos}
    if clip.forged:
        photos[take.person] = forge(take, photos[take.person])
    encode.write(path, frames(take, photos), (take.width, take.height), FPS, take.crf)
    return path


def forge(take: Take, photo: Image) -> Image:
    """Make the pseudo-fake of the take's person; another take of the person has another."""
    landmarks = find_photo_landmarks(photo, take.person.face)
    return make_pseudo_fake(photo, landmarks, zlib.crc32(take.name.encode())).image


def _labels(clips: Sequence[Clip]) -> Iterator[tuple[str, ...]]:
    yield "path", "label", "method", "target", "donor"
    for clip in clips:
        of = clip.provenance
        yield clip.path, of.label, of.method, of.target, of.donor


def _truth(clips: Sequence[Clip]) -> Iterator[tuple[object, ...]]:
    yield "path", "cause", "detail", "first_frame", "settled_frame"
    for clip in clips:
        for change in truth(clip.take):
            yield clip.path, *astuple(change)


def _write_table(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
