"""Where a dataset's video lies now."""

import hashlib
from contextlib import suppress
from pathlib import Path

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.locations import FileLocations


def find_source(dataset: Dataset, video_id: str) -> Path | None:
    """The file that a video was extracted from, as it was then; None where it is gone."""
    return KnownFiles.of(dataset).locate(video_id) or _last_seen(dataset, video_id)


def _last_seen(dataset: Dataset, video_id: str) -> Path | None:
    """A file that changed just before it was hashed has no fingerprint: it is hashed now."""
    place = FileLocations(dataset).locations.get(video_id)
    with suppress(OSError):
        if place and video_id_of_file(Path(place.location)) == video_id:
            return Path(place.location)
    return None


def video_id_of_file(path: Path) -> str:
    """The id of the video with a file's bytes. Raises :class:`OSError`."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
