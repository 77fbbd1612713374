"""How near the crop from detected landmarks comes to the crop from hand-checked ones.

    python benchmarks/align.py [FOLDER] [--detectors hog,cnn,haar]

FOLDER (default ``../shared/data/landmarks``) holds photos, each of one face, and a
``points.csv`` with the columns image, x0, y0, … x67, y67 in the order of iBUG 300-W. Every
photo goes through the product's own path: a frame, the search of the whole of it, landmarks,
pose. dlib alone on the photo enlarged twice stands beside it, and boxes as a hand might draw
them, with landmarks searched once and twice. Errors are those of the crop:
its centre's distance in % of the face's length (the crop's side over its margin), its side
in %, its angle in degrees. Below the table stand the proportions that the constants of
``align.py``, ``landmarks.py``, ``detectors/haar.py`` and ``portrait.py`` were taken from.
"""

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from pathlib import Path

import av
import dlib
import numpy as np
import PIL.Image

from deepfake_dataset.faces.alignment import (
    Anchors,
    CropSquare,
    anchors_from_landmarks,
    crop_square,
)
from deepfake_dataset.faces.detection_windows import make_face_search
from deepfake_dataset.faces.detectors import Detection, make_detector
from deepfake_dataset.faces.landmarks import find_landmarks
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame, Image

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "landmarks"
SETTINGS = ExtractSettings()
TARGETS = "4 % / 3 % / 2° at the median, 7 % / 8 % / 5° at the 90th percentile, 3 % missed"


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo with the truth about its face."""

    name: str
    rgb: Image
    points: Points
    """(68, 2), a pixel's centre at half."""

    @cached_property
    def pose(self) -> CropSquare:
        """The true crop."""
        return crop_square(anchors_from_landmarks(self.points), SETTINGS.margin)

    @cached_property
    def frame(self) -> Frame:
        """The photo as the extraction sees a decoded picture."""
        picture = av.VideoFrame.from_ndarray(self.rgb, format="rgb24").reformat(
            format="yuv444p", dst_colorspace="ITU601", dst_color_range="JPEG"
        )
        return Frame(index=0, pts=0, time_s=0.0, frame_type="I", picture=picture)


@dataclass(frozen=True, slots=True)
class Error:
    """How far a crop is from the true one."""

    center: float
    """Distance of the centres in % of the face's length."""
    scale: float
    """Difference of the sides in %."""
    angle: float
    """Difference of the rolls in degrees."""


Crop = Callable[[Photo], CropSquare | None]


def main() -> None:
    arguments = _arguments()
    photos = list(read(arguments.folder))
    detectors = arguments.detectors.split(",")
    print(f"{len(photos)} faces; targets: {TARGETS}\n")
    print("                   centre %       scale %       angle °")
    print("                 50 %  90 %    50 %  90 %    50 %  90 %   missed")
    show("dlib alone, 68", photos, dlib_alone(68))
    for name in detectors:
        for count in (68, 5):
            show(f"{name}, {count}", photos, ours(name, count))
    show("drawn, 68", photos, drawn(rough=False))
    show("drawn, twice", photos, drawn(rough=True))
    for name in detectors:
        show_boxes(name, photos)
    show_five_points(photos)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--detectors", default="hog,haar", help="cnn takes minutes")
    return parser.parse_args()


def read(folder: Path) -> Iterator[Photo]:
    with (folder / "points.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            name = row.pop("image")
            points = np.array(list(row.values()), dtype=np.float64).reshape(68, 2)
            yield Photo(
                name, np.asarray(PIL.Image.open(folder / name).convert("RGB")), points + 0.5
            )


def show(title: str, photos: Sequence[Photo], crop: Crop) -> None:
    found = [(photo.pose, crop(photo)) for photo in photos]
    errors = [error_of(pose, true) for true, pose in found if pose]
    columns = [[getattr(e, f.name) for e in errors] for f in fields(Error)]
    cells = [f"{np.median(c):6.2f}{np.percentile(c, 90):6.2f}" for c in columns]
    missed = len(photos) - len(errors)
    print(f"{title:16}", *cells, f"  {missed} ({missed / len(photos):.1%})")


def error_of(pose: CropSquare, true: CropSquare) -> Error:
    apart = np.hypot(pose.center_x - true.center_x, pose.center_y - true.center_y)
    turn = (pose.roll_deg - true.roll_deg + 180) % 360 - 180
    length = true.side / SETTINGS.margin
    return Error(float(100 * apart / length), abs(100 * (pose.side / true.side - 1)), abs(turn))


def ours(detector: str, count: int) -> Crop:
    def crop(photo: Photo) -> CropSquare | None:
        points = landmarks(photo, detector, count)
        return (
            None if points is None else crop_square(anchors_from_landmarks(points), SETTINGS.margin)
        )

    return crop


def drawn(*, rough: bool) -> Crop:
    """From hog's boxes, moved by up to 15 % of their width and scaled by up to 20 %."""
    rng = np.random.default_rng(0)

    def crop(photo: Photo) -> CropSquare | None:
        found = detect(photo, "hog")
        if found is None:
            return None
        width = found.box.width * rng.uniform(0.8, 1.2)
        x, y = np.array(found.box.center) + rng.uniform(-0.15, 0.15, 2) * found.box.width
        box = Box(x - width / 2, y - width / 2, x + width / 2, y + width / 2)
        points = find_landmarks(photo.frame, box, 68, rough=rough)
        return crop_square(anchors_from_landmarks(points), SETTINGS.margin)

    return crop


def landmarks(photo: Photo, detector: str, count: int) -> Points | None:
    found = detect(photo, detector)
    rough = make_detector(detector).rough
    return find_landmarks(photo.frame, found.box, count, rough=rough) if found else None


@cache
def detect(photo: Photo, detector: str) -> Detection | None:
    """The face that the truth is about: others may stand in the background."""
    search = make_face_search(replace(SETTINGS, detector=detector))
    return next((d for d in search.find_in_frame(photo.frame) if _holds(d.box, photo.pose)), None)


def dlib_alone(count: int) -> Crop:
    find = dlib.get_frontal_face_detector()
    predict = dlib.shape_predictor(str(model_file(f"shape_predictor_{count}_face_landmarks.dat")))

    def crop(photo: Photo) -> CropSquare | None:
        for found in find(photo.rgb, 1):
            box = Box(found.left(), found.top(), found.right() + 1, found.bottom() + 1)
            if _holds(box, photo.pose):
                points = np.array([(p.x, p.y) for p in predict(photo.rgb, found).parts()])
                return crop_square(anchors_from_landmarks(points + 0.5), SETTINGS.margin)
        return None

    return crop


def _holds(box: Box, pose: CropSquare) -> bool:
    return box.left <= pose.center_x <= box.right and box.top <= pose.center_y <= box.bottom


def show_boxes(detector: str, photos: Sequence[Photo]) -> None:
    """What a box has to do with its face, and with the box of the default detector."""
    pairs = [(detect(photo, detector), detect(photo, "hog")) for photo in photos]
    boxes = [(found.box, usual.box) for found, usual in pairs if found and usual]
    wider = np.median([usual.width / box.width for box, usual in boxes])
    lower = np.median([(usual.center[1] - box.center[1]) / box.width for box, usual in boxes])
    print(f"\n{detector}: hog's box is {wider:.2f} times as wide, {lower:+.3f} widths lower")
    for count in (68, 5):
        crops = [(ours(detector, count)(photo), detect(photo, detector)) for photo in photos]
        lengths = [pose.side / SETTINGS.margin / d.box.width for pose, d in crops if pose and d]
        print(
            f"  {count} points: length of the face over the box's width"
            f" {min(lengths):.2f} to {max(lengths):.2f}, median {np.median(lengths):.2f}"
        )
        places = [place_of(photo, detector, count) for photo in photos]
        below, spread = np.median([place for place in places if place], axis=0)
        print(
            f"    their mean {below:+.2f} widths below the box's middle, they {spread:.2f} off it"
        )


def place_of(photo: Photo, detector: str, count: int) -> tuple[float, float] | None:
    """How far the points' mean lies below the box's middle, and they from it, in its widths."""
    found = detect(photo, detector)
    if found is None:
        return None
    points = find_landmarks(photo.frame, found.box, count)
    below = points[:, 1].mean() - found.box.center[1]
    spread = np.sqrt(2 * points.var(axis=0).mean())
    return float(below / found.box.width), float(spread / found.box.width)


def show_five_points(photos: Sequence[Photo]) -> None:
    """Mouth and centre by the eyes and nose that the 5-point model gives."""
    print("\n5 points: mouth by eyes and nose, centre by nose")
    truths: dict[str, list[Anchors | None]] = {
        "hand-checked points": [anchors_from_landmarks(photo.points) for photo in photos],
        "68-point model": [_anchors(photo) for photo in photos],
    }
    for title, anchors in truths.items():
        shares = [_proportions(photo, true) for photo, true in zip(photos, anchors, strict=True)]
        mouth, center = np.median([share for share in shares if share], axis=0)
        print(f"  against the {title}: {mouth:.3f}, {center:.3f}")


def _anchors(photo: Photo) -> Anchors | None:
    points = landmarks(photo, "hog", 68)
    return None if points is None else anchors_from_landmarks(points)


def _proportions(photo: Photo, true: Anchors | None) -> tuple[float, float] | None:
    points = landmarks(photo, "hog", 5)
    if points is None or true is None:
        return None
    left, right, nose = points[0:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    eyes, true_eyes = (left + right) / 2, (true.left_eye + true.right_eye) / 2
    across_x, across_y = left - right
    down = np.array([-across_y, across_x]) + nose - eyes
    mouth = np.linalg.norm(true.mouth - true_eyes) / np.linalg.norm(down)
    center = (true.center - eyes) @ (nose - eyes) / np.sum((nose - eyes) ** 2)
    return float(mouth), float(center)


if __name__ == "__main__":
    main()
