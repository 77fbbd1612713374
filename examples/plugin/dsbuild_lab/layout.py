"""Our lab's names: ``s07.mp4`` shows subject 7, ``s07_swap_s12.mp4`` has the face of subject 12."""

import re

from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder
from deepfake_dataset.sources.layouts.base import Reader

_NAME = re.compile(r"(s\d\d)(?:_(swap|reenact)_(s\d\d))?\.\w+")


def reader(folder: Folder) -> Reader | None:
    """Read names in folders that are called ``lab``; leave all others to other layouts."""
    return _read if folder.names[0] == "lab" else None


def _read(name: str) -> Provenance | None:
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    target, method, donor = found.groups()
    if method is None:
        return Provenance(Label.REAL, target=target)
    return Provenance(Label.FAKE, method=method, target=target, donor=donor)
