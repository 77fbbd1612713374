"""Draws an overview of a dataset: a row of faces for each video."""

from collections.abc import Callable, Iterable

from PIL import Image

from deepfake_dataset.dataset.totals import Totals
from deepfake_dataset.records import Face, Video
from deepfake_dataset.report.plurals import plural
from deepfake_dataset.report.sheet_drawing import (
    CROPS_ACROSS,
    crop,
    heading,
    in_rows,
    line,
    stacked,
)


def draw_overview(
    title: str,
    totals: Totals,
    videos: Iterable[Video],
    crop_file: Callable[[str, str], bytes],
) -> Image.Image:
    """The sheet; ``crop_file`` gives a crop's bytes from video id and face id."""
    facts = [
        f"{plural(cell.videos, f'{cell.label} video')}, {plural(cell.faces, 'face')}"
        for cell in totals.cells
    ]
    strips = [heading(title, facts)]
    for video in videos:
        strips.append(line(_video_line(video)))
        faces = _one_row(video.faces)
        if faces:
            crops = [crop(crop_file(video.video_id, face.face_id)) for face in faces]
            strips.append(in_rows(crops, CROPS_ACROSS, 4))
    return stacked(strips)


def _video_line(video: Video) -> str:
    causes = ", ".join(scene.cause for scene in video.scenes)
    what = f"{plural(len(video.scenes), 'scene')} ({causes})" if video.scenes else video.message
    faces = plural(len(video.faces), "face")
    return f"{video.path} · {video.provenance.label} · {what} · {faces}"


def _one_row(faces: tuple[Face, ...]) -> list[Face]:
    """One row's worth, evenly over the video."""
    step = max(1.0, len(faces) / CROPS_ACROSS)
    return [faces[int(i * step)] for i in range(min(len(faces), CROPS_ACROSS))]
