"""The DeepFake Detection Challenge (Dolhansky et al. 2020): ``metadata.json`` beside the videos.

    {"a.mp4": {"label": "FAKE", "split": "train", "original": "b.mp4"},
     "b.mp4": {"label": "REAL", "split": "train", "original": null}}

A fake's target is the name of its original; who gave the face, and by which of the
challenge's eight methods, the file does not tell.
"""

import json
from pathlib import Path, PurePosixPath
from typing import Any

from deepfake_dataset.errors import LabelsError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.sources.files import Folder, printable
from deepfake_dataset.sources.layouts.base import Reader

METADATA = "metadata.json"


def reader(folder: Folder) -> Reader | None:
    """Read what the folder's metadata.json says of a file; None where it is not DFDC's.

    It is DFDC's if it is an object with an entry that has a label. Raises LabelsError if it is
    not JSON, or if it is DFDC's and an entry has no label that is REAL or FAKE.
    """
    file = Path(folder.location, METADATA)
    entries = _load(file) if file.is_file() else None
    if not isinstance(entries, dict) or not any(_has_label(entry) for entry in entries.values()):
        return None
    return {name: _provenance(file, name, entry) for name, entry in entries.items()}.get


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error


def _has_label(entry: Any) -> bool:
    return isinstance(entry, dict) and "label" in entry


def _provenance(file: Path, name: str, entry: Any) -> Provenance:
    label = entry["label"] if _has_label(entry) else None
    if label == "REAL":
        return Provenance(Label.REAL, target=_stem(name))
    if label != "FAKE":
        raise _damaged(file, f"{_text(name)} has the label {label!r}, which is not REAL or FAKE")
    original = entry.get("original") or ""
    if not isinstance(original, str):
        raise _damaged(file, f"the original of {_text(name)} is {original!r}, not a file's name")
    return Provenance(Label.FAKE, target=_stem(original))


def _stem(name: str) -> str:
    return _text(PurePosixPath(name).stem)


def _text(text: str) -> str:
    # JSON can spell half a surrogate pair, which UTF-8 cannot hold.
    return text.encode("utf-8", "backslashreplace").decode()


def _damaged(file: Path, problem: str) -> LabelsError:
    return LabelsError(
        f"{printable(str(file))} cannot be read as DFDC's: {problem}",
        "copy the file again, or rename it and give the labels with --labels",
    )
