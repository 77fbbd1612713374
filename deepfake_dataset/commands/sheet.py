"""``dsbuild sheet``: what was done, as a picture."""

from contextlib import suppress
from difflib import get_close_matches
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from deepfake_dataset.commands.status import read_status
from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.catalog.index import read_summaries
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import MissingKeyError, UsageError
from deepfake_dataset.sources.locate import find_source, video_id_of_file
from deepfake_dataset.storage.local import write_file
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
    picture = draw_video(record, lambda face: _crop(opened, record.video_id, face), stills)
    key = layout.sheet_key(record.video_id)
    return _save(picture, opened, key, optional_path(output, "output"))


def draw_dataset(dataset: StrPath, output: StrPath | None = None) -> Path:
    """Draw a row of faces for each video; ``reports/overview.png`` unless ``output`` says else."""
    from deepfake_dataset.report.dataset_overview import draw_overview

    opened = Dataset.open(dataset)
    videos = sorted(opened.videos(), key=lambda video: video.path)
    name = Path(opened.storage.location()).name
    picture = draw_overview(
        name, read_status(dataset), videos, lambda video, face: _crop(opened, video, face)
    )
    return _save(picture, opened, layout.OVERVIEW, optional_path(output, "output"))


def _save(picture: "Image", dataset: Dataset, key: str, output: Path | None) -> Path:
    """Write the picture where the user wants it, or into the dataset; gives its path."""
    data = BytesIO()
    picture.save(data, "JPEG" if output and output.suffix in (".jpg", ".jpeg") else "PNG")
    if output is None:
        dataset.storage.put(key, data.getvalue())
        return Path(dataset.storage.location(key))
    write_file(output, data.getvalue())
    return output


def _crop(dataset: Dataset, video_id: str, face_id: str) -> bytes:
    key = layout.crop_key(video_id, face_id)
    try:
        return dataset.storage.get(key)
    except MissingKeyError as error:
        raise UsageError(
            f"the crop {dataset.storage.location(key)} is missing",
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
        f"{dataset.storage.location()} has no video {name}",
        f"did you mean {near[0]}?" if near else "dsbuild extract VIDEOS -d DATASET adds it",
    )


def _id_of(file: Path) -> str | None:
    with suppress(OSError):
        return video_id_of_file(file)
    return None
