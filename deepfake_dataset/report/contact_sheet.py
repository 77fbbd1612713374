"""Draws a contact sheet of a video: its scenes, the faces found in them, and their crops."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from deepfake_dataset.records import Face, Scene, Video
from deepfake_dataset.report.plurals import plural
from deepfake_dataset.report.sheet_drawing import (
    ACCENT,
    CROPS_ACROSS,
    EDGE,
    WIDTH,
    crop,
    font,
    heading,
    in_rows,
    line,
    stacked,
)

_STILLS = 4
_STILL_WIDTH = (WIDTH - 2 * EDGE - 8 * (_STILLS - 1)) // _STILLS

Still = NDArray[np.uint8]


def stills_of(video: Video) -> set[int]:
    """Indices of the frames that the sheet shows whole: a few of each scene, evenly."""
    return {face.frame for scene in video.scenes for face in _shown(video, scene)}


def draw_video(
    video: Video, crop_file: Callable[[str], bytes], stills: Mapping[int, Still]
) -> Image.Image:
    """The sheet; ``crop_file`` gives the bytes of a face's crop from its id.

    ``stills`` are RGB frames by index, left out where they are missing.
    """
    strips = [heading(video.path, _facts(video))]
    for scene in video.scenes:
        strips.append(line(_scene_line(video, scene)))
        pictures = [
            _still_picture(f, stills[f.frame]) for f in _shown(video, scene) if f.frame in stills
        ]
        if pictures:
            strips.append(in_rows(pictures, _STILLS, 8))
        crops = [crop(crop_file(face.face_id)) for face in _faces(video, scene)]
        if crops:
            strips.append(in_rows(crops, CROPS_ACROSS, 4))
    return stacked(strips)


def _faces(video: Video, scene: Scene) -> list[Face]:
    return [face for face in video.faces if face.scene == scene.scene]


def _shown(video: Video, scene: Scene) -> list[Face]:
    faces = _faces(video, scene)
    if not faces:
        return []
    picked = sorted({round(i) for i in np.linspace(0, len(faces) - 1, _STILLS)})
    return [faces[i] for i in picked]


def _facts(video: Video) -> list[str]:
    what = [video.provenance.label.value, video.provenance.method, video.video_id]
    if video.error:
        what.append(f"{video.error}: {video.message}")
    if video.stream:
        stream = video.stream
        what += [
            f"{stream.codec} {stream.width}x{stream.height}",
            f"{stream.fps:.2f} fps, {stream.duration_s:.1f} s",
            f"{plural(len(video.scenes), 'scene')}, {plural(len(video.faces), 'face')}",
        ]
    return what


def _scene_line(video: Video, scene: Scene) -> str:
    lost = scene.sampled - len({face.frame for face in _faces(video, scene)})
    return (
        f"scene {scene.scene} · {scene.cause} · {scene.start_s:.2f} to {scene.end_s:.2f} s"
        f" · frames {scene.start_frame} to {scene.end_frame - 1} · {plural(scene.faces, 'face')}"
        f" of {plural(scene.sampled, 'sample')}" + (f", {lost} without" if lost else "")
    )


def _still_picture(face: Face, still: Still) -> Image.Image:
    """The frame, small, with the detector's box, the landmarks and the crop's own square."""
    scale = _STILL_WIDTH / still.shape[1]
    size = _STILL_WIDTH, max(1, round(still.shape[0] * scale))
    picture = Image.fromarray(still).resize(size, Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(picture)
    box = face.box
    corners = [edge * scale for edge in (box.left, box.top, box.right, box.bottom)]
    pen.rectangle(corners, outline="#ffffff")
    square = [tuple(corner) for corner in (_square(face) * scale).tolist()]
    pen.polygon(square, outline=ACCENT)
    pen.line(square[:2], ACCENT, width=3)
    points = np.array(face.landmarks).reshape(-1, 2) * scale
    for x, y in points.tolist():
        pen.point((x, y), "#40e060")
    label = f"{face.frame} {face.frame_type}  {face.score:.2f}"
    pen.text((4, 3), label, "#ffffff", font(12), stroke_width=2, stroke_fill="#000000")
    return picture


def _square(face: Face) -> NDArray[np.float64]:
    """(4, 2) corners of the crop in the frame, from its top left clockwise."""
    turn = np.radians(face.roll_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    square: NDArray[np.float64] = unit * face.native_px @ rotation.T
    square += [face.center_x, face.center_y]
    return square
