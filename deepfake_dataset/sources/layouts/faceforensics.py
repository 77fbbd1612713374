"""FaceForensics++ with its DeepFakeDetection part (Rössler et al. 2019).

    original_sequences/youtube/<compression>/videos/000.mp4                 <sequence>
    original_sequences/actors/<compression>/videos/01__kitchen_pan.mp4      <actor>__<scene>
    manipulated_sequences/<method>/<compression>/videos/000_003.mp4         <target>_<donor>
    manipulated_sequences/DeepFakeDetection/…/01_02__kitchen_pan__ABCD1234.mp4

Names are explained in the README of the dataset's download script: the sequence before the
underscore is the target, the one after it the source of the face. Copies that are handed
around flat, <method>/000_003.mp4 beside original/000.mp4, are read as well.
"""

import re
from pathlib import PurePosixPath

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.label_words import METHODS
from deepfake_dataset.sources.layouts.base import Reader

_ORIGINAL = re.compile(r"([0-9]{3})|([0-9]{2})__.+")
_MANIPULATED = re.compile(r"([0-9]{3})_([0-9]{3})|([0-9]{2})_([0-9]{2})__.+")
_METHODS = METHODS | {"deepfakedetection": "DeepFakeDetection"}
_LEVELS = {"videos", "raw", "c0", "c23", "c40"}
"""Folders that say how a video was compressed, not what it is."""


def reader(folder: Folder) -> Reader | None:
    """Read target and donor from names; know videos of masks, which show no face."""
    kind, parent = [*(n for n in folder.all_names if n not in _LEVELS), "", ""][:2]
    if kind == "masks" and parent.lower() in _METHODS:
        return lambda _: Provenance()
    if kind == "original" or (parent == "original_sequences" and kind in ("youtube", "actors")):
        return _original
    method = _METHODS.get(kind.lower())
    return (lambda name: _manipulated(name, method)) if method else None


def _original(name: str) -> Provenance | None:
    match = _ORIGINAL.fullmatch(PurePosixPath(name).stem)
    if not match:
        return None
    (target,) = filter(None, match.groups())
    return Provenance(Label.REAL, target=target)


def _manipulated(name: str, method: str) -> Provenance | None:
    match = _MANIPULATED.fullmatch(PurePosixPath(name).stem)
    if not match:
        return None
    target, donor = filter(None, match.groups())
    return Provenance(Label.FAKE, method, target, donor)
