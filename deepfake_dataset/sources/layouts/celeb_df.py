"""Celeb-DF, versions 1 and 2 (Li et al. 2020).

    Celeb-real/id0_0000.mp4              <person>_<video>
    Celeb-synthesis/id0_id1_0000.mp4     <person filmed>_<person whose face was put in>_<video>
    YouTube-real/00000.mp4               a person of its own in each

The order of the two persons is the author's word (yuezunli/celeb-deepfakeforensics#6: first
the original id, then the swapped one); so is each YouTube video showing another person (the
README of the first version).
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts.base import Reader

_REAL = re.compile(r"(id[0-9]+)_[0-9]+")
_FAKE = re.compile(r"(id[0-9]+)_(id[0-9]+)_[0-9]+")
_YOUTUBE = re.compile(r"([0-9]{5})")


def reader(folder: Folder) -> Reader | None:
    """Read persons from names, in one of the three folders or a folder in it."""
    return next((_READERS[n.lower()] for n in folder.all_names if n.lower() in _READERS), None)


def _reading(pattern: re.Pattern[str], build: Callable[..., Provenance]) -> Reader:
    def read(name: str) -> Provenance | None:
        match = pattern.fullmatch(PurePosixPath(name).stem)
        return build(*match.groups()) if match else None

    return read


def _real(person: str) -> Provenance:
    return Provenance(Label.REAL, target=person)


def _fake(target: str, donor: str) -> Provenance:
    return Provenance(Label.FAKE, "Celeb-DF", target, donor)


_READERS: dict[str, Reader] = {
    "celeb-real": _reading(_REAL, _real),
    "celeb-synthesis": _reading(_FAKE, _fake),
    "youtube-real": _reading(_YOUTUBE, _real),
}
