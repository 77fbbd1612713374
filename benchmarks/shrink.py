"""How near crops that are smaller than their place come to ideal ones.

    python benchmarks/shrink.py

The photographs of the demo, with faces 1.1 to 3 times as large as the crop. Ideal is a crop read
bicubically in eight times the size and reduced, by averaging or by Lanczos' filter. Prints for each
ratio how far the crop's luma is from both, in dB, and how far one is whose pixels are averaged to
the crop's size first and then read bicubically.
"""

from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepfake_dataset.demo.photos import PEOPLE, Photo, load_photo
from deepfake_dataset.faces.alignment import CropSquare, render_crop
from deepfake_dataset.video.frame import Frame

SIZE, TIMES, ROLL_DEG = 128, 8, 12.0
RATIOS = [Fraction(tenths, 10) for tenths in (11, 13, 16, 19, 22, 26, 30)]

Plane = NDArray[np.float32]


def frame_of(picture: NDArray[np.uint8]) -> Frame:
    rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    return Frame(0, 0, 0.0, "?", rgb.reformat(format="yuvj444p"))


def grey(frame: Frame, pose: CropSquare, size: int) -> Plane:
    crop = render_crop(frame, pose, size)
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)


def whole_steps(photo: Photo, ratio: Fraction) -> NDArray[np.uint8]:
    """The photograph without what its reduced size would be no whole number of pixels for."""
    picture, step = load_photo(photo), ratio.numerator
    height, width = (side // step * step for side in picture.shape[:2])
    return picture[:height, :width]


def averaged_first(picture: NDArray[np.uint8], ratio: Fraction) -> Plane:
    """Of a photograph reduced until its face is as large as the crop."""
    height, width = (int(side / ratio) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    pose = CropSquare(width / 2, height / 2, SIZE, ROLL_DEG)
    return grey(frame_of(np.asarray(small, np.uint8)), pose, SIZE)


def decibels(crop: Plane, ideal: Plane) -> float:
    return float(20 * np.log10(255 / np.sqrt(np.mean((crop - ideal) ** 2))))


def compare(photo: Photo, ratio: Fraction) -> list[float]:
    """Ours and averaged first, each beside both ideals."""
    picture = whole_steps(photo, ratio)
    side = float(SIZE * ratio)
    pose = CropSquare(picture.shape[1] / 2, picture.shape[0] / 2, side, ROLL_DEG)
    frame = frame_of(picture)
    many = grey(frame, pose, TIMES * SIZE)
    averaged = cv2.resize(many, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    lanczos = np.asarray(Image.fromarray(many).resize((SIZE, SIZE), Image.Resampling.LANCZOS))
    crops = grey(frame, pose, SIZE), averaged_first(picture, ratio)
    ideals = np.asarray(averaged, np.float32), lanczos
    return [decibels(crop, ideal) for ideal in ideals for crop in crops]


def main() -> None:
    print(f"{'':6} {'beside averaged':>18}  {'by Lanczos':>18}")
    print(f"{'ratio':6} {'crop':>7} {'averaged':>10}  {'crop':>7} {'averaged':>10}")
    for ratio in RATIOS:
        a, b, c, d = np.mean([compare(photo, ratio) for photo in PEOPLE], axis=0)
        print(f"{float(ratio):<6} {a:7.1f} {b:10.1f}  {c:7.1f} {d:10.1f}")


if __name__ == "__main__":
    main()
