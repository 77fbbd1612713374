"""Videos that are to be done once more, without a search: their files lie where they lay."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.records import Provenance, VideoFile
from deepfake_dataset.sources.files import File, Folder
from deepfake_dataset.sources.known_files import KnownFiles
from deepfake_dataset.sources.locations import FileLocation, FileLocations


def files_still_there(
    dataset: Dataset, wanted: Iterable[tuple[str, Provenance]]
) -> Iterator[VideoFile]:
    """Those of the videos wanted, by id, whose file has the bytes that it had."""
    locations, known_files = FileLocations(dataset).locations, KnownFiles.of(dataset)
    for video_id, provenance in wanted:
        place = locations.get(video_id)
        file = _file_at(place) if place else None
        if file is None or not _is(file, video_id, known_files):
            continue
        status = file.status
        yield VideoFile(
            video_id, file.location, file.path, status.st_size, provenance, status.st_mtime_ns
        )


def _file_at(place: FileLocation) -> File | None:
    path = Path(place.location)
    try:
        status = path.stat()
    except OSError:
        return None
    folder = Folder(str(path.parent), (path.parent.name,))
    return File(place.location, place.path, folder, path.name, status)


def _is(file: File, video_id: str, known_files: KnownFiles) -> bool:
    try:
        return known_files.video_id(file) == video_id
    except OSError:
        return False
