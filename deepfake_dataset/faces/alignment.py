"""Aligns a face and renders its crop: MesoNet's alignment (Afchar et al. 2018).

The centre is the middle between nose tip and nose bridge; the face's length is 2.2 times
the longer of eye to eye and eyes to mouth; the crop is a square of ``margin`` lengths,
turned so that eyes to mouth is vertical.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import DEGREE_DIGITS, PIXEL_DIGITS, SHARE_DIGITS, Box
from deepfake_dataset.video.frame import Frame, Image, Patch

_LENGTH = 2.2
# Levels by which sums of 16 products in single precision may be off, at the very most.
_MOST_OFF_LEVELS = 0.0006
# iBUG 300-W numbering. Points at the corners of the mouth belong to both lips.
_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)
_BRIDGE, _TIP = slice(27, 31), slice(31, 36)
_TOP_LIP = [48, 49, 50, 51, 52, 53, 54, 64, 63, 62, 61, 60]
_BOTTOM_LIP = [54, 55, 56, 57, 58, 59, 48, 60, 67, 66, 65, 64]
# dlib's five points have no mouth and no bridge. Both are placed from the eyes and the base
# of the nose by mean proportions over 90 photos (benchmarks/align.py prints them): the mouth
# agrees between the true 68 points and those of the 68-point model; for the centre they
# say 0.73 and 0.64, and this is the middle.
_MOUTH_BY_DOWN = 0.65
_CENTER_BY_NOSE = 0.68


@dataclass(frozen=True, slots=True)
class Anchors:
    """The four places that decide a crop, each (x, y) in pixels of the frame."""

    right_eye: NDArray[np.float64]
    left_eye: NDArray[np.float64]
    mouth: NDArray[np.float64]
    center: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CropSquare:
    """A square in the frame: where a crop comes from."""

    center_x: float
    center_y: float
    side: float
    """In pixels of the frame."""
    roll_deg: float
    """Clockwise turn of the square."""

    def corners(self) -> NDArray[np.float64]:
        """(4, 2) corners in the frame, clockwise from the crop's top left."""
        across, down = self.side / 2 * self.rotation().T
        middle = np.array([self.center_x, self.center_y])
        corners = [-across - down, across - down, across + down, down - across]
        return np.asarray(np.array(corners) + middle)

    def rounded(self) -> "CropSquare":
        """The square that a record names: in thousandths of a pixel and of a degree.

        Crops are cut from this one, so that a record's numbers are all that its crop hangs on.
        """
        return CropSquare(
            round(self.center_x, PIXEL_DIGITS),
            round(self.center_y, PIXEL_DIGITS),
            round(self.side, PIXEL_DIGITS),
            round(self.roll_deg, DEGREE_DIGITS),
        )

    def rotation(self) -> NDArray[np.float64]:
        """(2, 2) matrix from directions in the crop to directions in the frame."""
        cos, sin = self.direction
        return np.array([[cos, -sin], [sin, cos]])

    @property
    def direction(self) -> tuple[float, float]:
        """Where the crop's rows run in the frame: of length 1, the cosine and sine of the roll.

        C libraries' own differ in the last digit, by whether the processor fuses multiplications
        with additions: what lies beyond a billionth is left off.
        """
        roll = math.radians(self.roll_deg)
        return round(math.cos(roll), 9), round(math.sin(roll), 9)

    @property
    def around(self) -> Box:
        """The smallest upright box that holds the square."""
        reach = self.side / 2 * sum(map(abs, self.direction))
        x, y = self.center_x, self.center_y
        return Box(x - reach, y - reach, x + reach, y + reach)


def anchors_from_landmarks(points: Points) -> Anchors:
    """From 68 or 5 landmarks."""
    return _anchors_of_68(points) if len(points) == 68 else _anchors_of_5(points)


def _anchors_of_68(points: Points) -> Anchors:
    return Anchors(*(_SHARES_OF_68[..., None] * points).sum(axis=1))  # in order, unlike a BLAS


def _shares_of_68() -> NDArray[np.float64]:
    """(4, 68) share of each point in the anchors: means of a part's points, or of two parts."""
    shares = np.zeros((4, 68))
    shares[0, _RIGHT_EYE] = shares[1, _LEFT_EYE] = 1 / 6
    for lip in (_TOP_LIP, _BOTTOM_LIP):
        shares[2, lip] += 1 / 24
    shares[3, _TIP], shares[3, _BRIDGE] = 1 / 10, 1 / 8
    return shares


_SHARES_OF_68 = _shares_of_68()


def _anchors_of_5(points: Points) -> Anchors:
    """In dlib's order: the left eye's outer and inner corner, the right eye's, the nose's base.

    The nose alone gives the roll of a face that looks aside 4° wrong at the median, the line
    of the eyes 2°; in their sum the errors cancel to 1.4°.
    """
    left, right, nose = points[0:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    eyes = (left + right) / 2
    down = _quarter_turn(left - right) + (nose - eyes)
    return Anchors(
        right_eye=right,
        left_eye=left,
        mouth=eyes + down * _MOUTH_BY_DOWN,
        center=eyes + (nose - eyes) * _CENTER_BY_NOSE,
    )


def _quarter_turn(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector turned clockwise: from along the eyes to down the face."""
    return np.array([-vector[1], vector[0]])


def crop_square(anchors: Anchors, margin: float) -> CropSquare:
    """The square that MesoNet cuts out, ``margin`` times the face's length."""
    eyes = (anchors.right_eye + anchors.left_eye) / 2
    across = math.hypot(*(anchors.left_eye - anchors.right_eye))
    down_x, down_y = anchors.mouth - eyes
    length = _LENGTH * max(across, math.hypot(down_x, down_y))
    return CropSquare(
        center_x=float(anchors.center[0]),
        center_y=float(anchors.center[1]),
        side=length * margin,
        roll_deg=math.degrees(math.atan2(-down_x, down_y)),
    )


def render_crop(frame: Frame, pose: CropSquare, size: int) -> Image:
    """The crop as RGB of shape (size, size, 3); what lies outside the frame is reflected.

    Shrinking smooths first, so that fine texture does not alias into the crop. Luma is read
    bicubically. Chroma has fewer pixels in nearly every video and is read linearly. Colours
    are worked out last, for the pixels of the crop alone.
    """
    luma, *chroma = frame.planes(_around(pose, size), min(1.0, size / pose.side))
    parts = [
        _turned_bicubically(luma, pose, size),
        *(_turned(part.pixels, part, pose, size, cv2.INTER_LINEAR) for part in chroma),
    ]
    return frame.colours(np.asarray(cv2.merge(parts), dtype=np.uint8))


def _turned_bicubically(patch: Patch, pose: CropSquare, size: int) -> Image:
    """OpenCV reads fractions so in a quarter of the time that it takes for bytes.

    Single precision errs by a ten-thousandth of a level, on each kind of processor another way.
    Where that could decide between two levels, in a pixel of five hundred, double precision does,
    which holds these sums without an error.
    """
    fractions = patch.pixels.astype(np.float32)
    turned = _turned(fractions, patch, pose, size, cv2.INTER_CUBIC)
    cv2.threshold(turned, 0, 0, cv2.THRESH_TOZERO, dst=turned)
    levels = np.asarray(cv2.convertScaleAbs(turned), dtype=np.uint8)
    off = np.asarray(cv2.absdiff(turned, levels.astype(np.float32)))
    halfway = (off > 0.5 - _MOST_OFF_LEVELS) & (off < 0.5 + _MOST_OFF_LEVELS)
    doubtful = np.flatnonzero(halfway)
    if len(doubtful):
        levels.flat[doubtful] = _read_exactly(patch, pose, size, doubtful)
    return levels


def _read_exactly(
    patch: Patch, pose: CropSquare, size: int, places: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Levels of some pixels of the crop, by their places in it row by row, as OpenCV reads.

    It adds up turns in 1024ths of a pixel, and reads at 32nds.
    """
    row, column = np.divmod(places, size)
    by_column, by_row, at = _crop_to_patch(pose, size, patch).T[..., None]
    turned = np.rint((by_row * row + at) * 1024) + np.rint(by_column * column * 1024)
    before, part = np.divmod(turned.astype(np.intp) + 16 >> 5, 32)  # (2, places), x and y
    # Beyond its ends a line goes on as it came, the last pixel twice.
    length = np.array(patch.pixels.shape[::-1])[:, None, None]
    columns, rows = reached = (before[..., None] + _REACH) % (2 * length)
    np.minimum(reached, 2 * length - 1 - reached, out=reached)
    across, down = _CUBIC[part]
    near = patch.pixels[rows[:, :, None], columns[:, None, :]]
    read = (near * (down[:, :, None] * across[:, None, :])).sum(axis=(1, 2))
    return np.asarray(np.rint(read).clip(0, 255), np.uint8)


def _cubic_weights() -> NDArray[np.float64]:
    """(32, 4): weights of the pixels about a place that is so many 32nds behind the second one.

    Keys' cubic convolution (1981) with OpenCV's parameter of −3/4: multiples of 2**-17.
    """
    part = np.arange(32) / 32
    before, after = part + 1, 1 - part
    first = ((-0.75 * before + 3.75) * before - 6) * before + 3
    second = (1.25 * part - 2.25) * part * part + 1
    third = (1.25 * after - 2.25) * after * after + 1
    return np.stack([first, second, third, 1 - first - second - third], axis=1)


_CUBIC, _REACH = _cubic_weights(), np.arange(-1, 3)


def _turned(
    pixels: NDArray[Any], patch: Patch, pose: CropSquare, size: int, method: int
) -> NDArray[Any]:
    """The square of a pose, (size, size), read from the pixels of a patch."""
    return np.asarray(
        cv2.warpAffine(
            pixels,
            _crop_to_patch(pose, size, patch),
            (size, size),
            flags=method | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )
    )


def share_outside(pose: CropSquare, frame: Box) -> float:
    """Share of the crop's area beyond the frame, 0 to 1."""
    if pose.around.lies_in(frame):
        return 0.0  # and no rounding error
    first, last = (frame.left, frame.top), (frame.right, frame.bottom)
    edges = np.array([first, (last[0], first[1]), last, (first[0], last[1])], np.float32)
    inside, _ = cv2.intersectConvexConvex(pose.corners().astype(np.float32), edges)
    return round(min(1.0, max(0.0, 1 - inside / (pose.side * pose.side))), SHARE_DIGITS)


def _around(pose: CropSquare, size: int) -> Box:
    """Upright box that holds the square, and as much more as interpolation and smoothing reach.

    That is two pixels, and more of them where several make one of the crop.
    """
    box, reach = pose.around, 2 * max(1.0, pose.side / size)
    return box.resized(box.width + 2 * reach)


def _crop_to_patch(pose: CropSquare, size: int, patch: Patch) -> NDArray[np.float64]:
    """2×3 matrix from pixel indices of the crop to pixel indices of the patch.

    A pixel's index is its corner; its centre lies half a pixel further, on both sides.
    """
    across, down = patch.scale_x, patch.scale_y
    cos, sin = (part * pose.side / size for part in pose.direction)
    middle = (size - 1) / 2
    x = (pose.center_x - patch.left - (cos - sin) * middle) * across - 0.5
    y = (pose.center_y - patch.top - (sin + cos) * middle) * down - 0.5
    return np.array([[across * cos, -across * sin, x], [down * sin, down * cos, y]])
