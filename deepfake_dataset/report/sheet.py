"""A contact sheet: a video's scenes, the faces found in them, and the crops made of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from deepfake_dataset.records import Face, Scene, Video

_WIDTH = 1200
_EDGE = 16
_STILLS = 4
_STILL_WIDTH = (_WIDTH - 2 * _EDGE - 8 * (_STILLS - 1)) // _STILLS
_CROP = 72
_ACROSS = (_WIDTH - 2 * _EDGE + 4) // (_CROP + 4)
_PAPER, _INK, _FAINT, _ACCENT = "#ffffff", "#1a1a1a", "#6b6b6b", "#d9480f"
_TITLE, _TEXT = 20, 14

Still = NDArray[np.uint8]


def stills_of(video: Video) -> set[int]:
    """Indices of the frames that the sheet shows whole: a few of each scene, evenly."""
    return {face.frame for scene in video.scenes for face in _shown(video, scene)}


def draw(
    video: Video, crop_path: Callable[[str], Path], stills: Mapping[int, Still]
) -> Image.Image:
    """The sheet; ``stills`` are RGB frames by index, left out where they are missing."""
    strips = [_heading(video)]
    for scene in video.scenes:
        strips.append(_scene_line(video, scene))
        pictures = [_still(f, stills[f.frame]) for f in _shown(video, scene) if f.frame in stills]
        if pictures:
            strips.append(_in_rows(pictures, _STILLS, 8))
        crops = [_crop(crop_path(face.face_id)) for face in _faces(video, scene)]
        if crops:
            strips.append(_in_rows(crops, _ACROSS, 4))
    return _stacked(strips)


def _faces(video: Video, scene: Scene) -> list[Face]:
    return [face for face in video.faces if face.scene == scene.scene]


def _shown(video: Video, scene: Scene) -> list[Face]:
    faces = _faces(video, scene)
    if not faces:
        return []
    picked = sorted({round(i) for i in np.linspace(0, len(faces) - 1, _STILLS)})
    return [faces[i] for i in picked]


def _heading(video: Video) -> Image.Image:
    strip = Image.new("RGB", (_WIDTH, 64), _PAPER)
    pen = ImageDraw.Draw(strip)
    pen.text((_EDGE, 10), video.path, _INK, _font(_TITLE))
    pen.text((_EDGE, 38), _facts(video), _FAINT, _font(_TEXT))
    return strip


def _facts(video: Video) -> str:
    what = [video.provenance.label.value, video.provenance.method, video.video_id]
    if video.error:
        what.append(f"{video.error}: {video.message}")
    if video.stream:
        stream = video.stream
        what += [
            f"{stream.codec} {stream.width}×{stream.height}",
            f"{stream.fps:.2f} fps, {stream.duration_s:.1f} s",
            f"{len(video.scenes)} scenes, {len(video.faces)} faces",
        ]
    return "   ".join(word for word in what if word)


def _scene_line(video: Video, scene: Scene) -> Image.Image:
    strip = Image.new("RGB", (_WIDTH, 34), _PAPER)
    pen = ImageDraw.Draw(strip)
    pen.line((_EDGE, 4, _WIDTH - _EDGE, 4), "#d0d0d0")
    lost = scene.sampled - len({face.frame for face in _faces(video, scene)})
    words = (
        f"scene {scene.scene} · {scene.cause} · {scene.start_s:.2f}–{scene.end_s:.2f} s"
        f" · frames {scene.start_frame}–{scene.end_frame - 1} · {scene.faces} faces"
        f" of {scene.sampled} samples" + (f", {lost} without" if lost else "")
    )
    pen.text((_EDGE, 11), words, _INK, _font(_TEXT))
    return strip


def _still(face: Face, still: Still) -> Image.Image:
    """The frame, small, with the detector's box, the landmarks and the crop's own square."""
    scale = _STILL_WIDTH / still.shape[1]
    size = _STILL_WIDTH, max(1, round(still.shape[0] * scale))
    picture = Image.fromarray(still).resize(size, Image.Resampling.LANCZOS)
    pen = ImageDraw.Draw(picture)
    box = face.box
    corners = [edge * scale for edge in (box.left, box.top, box.right, box.bottom)]
    pen.rectangle(corners, outline="#ffffff")
    square = [tuple(corner) for corner in (_square(face) * scale).tolist()]
    pen.polygon(square, outline=_ACCENT)
    pen.line(square[:2], _ACCENT, width=3)
    points = np.array(face.landmarks).reshape(-1, 2) * scale
    for x, y in points.tolist():
        pen.point((x, y), "#40e060")
    label = f"{face.frame} {face.frame_type}  {face.score:.2f}"
    pen.text((4, 3), label, "#ffffff", _font(12), stroke_width=2, stroke_fill="#000000")
    return picture


def _square(face: Face) -> NDArray[np.float64]:
    """(4, 2) corners of the crop in the frame, from its top left clockwise."""
    turn = np.radians(face.roll_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return unit * face.native_px @ rotation.T + [face.center_x, face.center_y]


def _crop(path: Path) -> Image.Image:
    with Image.open(path) as crop:
        return crop.convert("RGB").resize((_CROP, _CROP), Image.Resampling.LANCZOS)


def _in_rows(pictures: list[Image.Image], across: int, gap: int) -> Image.Image:
    width = max(picture.width for picture in pictures) + gap
    height = max(picture.height for picture in pictures) + gap
    rows = -(-len(pictures) // across)
    strip = Image.new("RGB", (_WIDTH, rows * height + gap), _PAPER)
    for i, picture in enumerate(pictures):
        strip.paste(picture, (_EDGE + i % across * width, i // across * height))
    return strip


def _stacked(strips: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (_WIDTH, sum(strip.height for strip in strips) + _EDGE), _PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height
    return sheet


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
