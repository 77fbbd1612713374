"""``dsbuild sheet``: what was done, as a picture."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.commands.status import read_status
from deepfake_dataset.dataset.catalog.index import read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import UsageError
from deepfake_dataset.sources.locate import find_source
from deepfake_dataset.storage.os_errors import writing
from deepfake_dataset.storage.paths import StrPath, as_path, optional_path

if TYPE_CHECKING:
    from PIL.Image import Image


def draw_sheet(video: StrPath, dataset: StrPath, output: StrPath | None = None) -> Path:
    """Draw a contact sheet of a video, named by id, by path in the dataset, or by its file.

    Gives the picture's path: ``reports/<video_id>.png`` unless ``output`` says otherwise.
    Frames are shown where the source is still where it was found; crops are in any case.

    Raises :class:`UsageError` where the dataset does not have the video.
    """
    from deepfake_dataset.report.contact_sheet import draw_video, stills_of
    from deepfake_dataset.video.read_frames import read_frames_rgb

    opened = Dataset.open(dataset)
    named = as_path(video, "video")
    file_id = _id_of(named)
    record = opened.read(_find_video(str(video), file_id, opened))
    given = named if record.video_id == file_id else None
    source = given or find_source(opened, record.video_id)
    wanted = stills_of(record)
    stills = read_frames_rgb(source, wanted) if source else {}
    target = (
        as_path(output, "output") if output else opened.root / "reports" / f"{record.video_id}.png"
    )
    with _crops_there():
        picture = draw_video(record, lambda face: opened.face_path(record.video_id, face), stills)
    _save(picture, target)
    return target


def draw_dataset(dataset: StrPath, output: StrPath | None = None) -> Path:
    """Draw a row of faces for each video; ``reports/overview.png`` unless ``output`` says else."""
    from deepfake_dataset.report.dataset_overview import draw_overview

    opened = Dataset.open(dataset)
    videos = sorted(opened.videos(), key=lambda video: video.path)
    with _crops_there():
        picture = draw_overview(opened.root.name, read_status(dataset), videos, opened.face_path)
    target = optional_path(output, "output") or opened.root / "reports" / "overview.png"
    _save(picture, target)
    return target


def _save(picture: "Image", target: Path) -> None:
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        picture.save(target, "JPEG" if target.suffix in (".jpg", ".jpeg") else "PNG")


@contextmanager
def _crops_there() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise UsageError(
            f"the crop {error.filename} is missing",
            "delete its video's record in videos/ and run dsbuild extract again",
        ) from error


def _find_video(name: str, file_id: str | None, dataset: Dataset) -> str:
    """The id of the one video that a user means."""
    summaries = read_summaries(dataset)
    for video_id in (name, file_id):
        if video_id in summaries:
            return video_id
    fits = [b for b in summaries.values() if b.path == name or b.path.endswith(f"/{name}")]
    if len(fits) == 1:
        return fits[0].video_id
    if fits:
        listed = ", ".join(summary.path for summary in fits[:5])
        raise UsageError(f"{name} fits {len(fits)} videos: {listed}", "name more of the path")
    near = get_close_matches(name, [summary.path for summary in summaries.values()], n=1)
    raise UsageError(
        f"{dataset.root} has no video {name}",
        f"did you mean {near[0]}?" if near else "dsbuild extract VIDEOS -d DATASET adds it",
    )


def _id_of(file: Path) -> str | None:
    with suppress(OSError), file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]
    return None
