"""Folders whose names say what is in them, like ``real`` and ``Deepfakes_c23``."""

import re

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.label_words import FAKE_WORDS, METHODS, REAL_WORDS
from deepfake_dataset.sources.layouts.base import Reader

_COLLECTION = {"dataset", "datasets", "detection", "detector", "challenge", "benchmark"}
"""Words that make ``deepfake`` the subject of a folder (deepfake-dataset), not its label."""
_NEGATION = {"no", "non", "not"}


def reader(folder: Folder) -> Reader | None:
    """Take the label of the nearest folder that has one; never of folders above the named one.

    A folder that says both real and fake says nothing. The method is that of the nearest
    folder that names one.
    """
    label = next((said for name in folder.names if (said := _label(name))), None)
    if label is None:
        return None
    method = next((METHODS[w] for n in folder.names for w in _words(n) if w in METHODS), "")
    provenance = Provenance(label, method if label is Label.FAKE else "")
    return lambda _: provenance


def _label(name: str) -> Label | None:
    words = set(_words(name))
    if words & _COLLECTION:
        words -= {"deepfake", "deepfakes"}
    real = not words.isdisjoint(REAL_WORDS)
    fake = not words.isdisjoint(FAKE_WORDS) or not words.isdisjoint(METHODS)
    if real == fake or words & _NEGATION:
        return None
    return Label.REAL if real else Label.FAKE


def _words(name: str) -> list[str]:
    return re.split(r"[-_ ]+", name.lower())
