"""What passes between stages and stands in a dataset: videos, scenes, faces.

Positions are in pixels of the frame as it is shown (rotation and sample aspect
ratio applied), x to the right, y down, the top left corner of the frame at (0, 0).

What is worked out of pixels is recorded in whole steps, so that it is the same on every kind of
processor: places and lengths in thousandths of a pixel, angles in thousandths of a degree,
sharpness and brightness in thousandths, scores and shares in millionths. Times and rates are
quotients of what the container says, as they are.
"""

from dataclasses import dataclass
from enum import StrEnum

PIXEL_DIGITS = 3
"""Decimals of places and lengths in pixels."""
DEGREE_DIGITS = 3
"""Decimals of angles in degrees."""
MEASURE_DIGITS = 3
"""Decimals of sharpness and brightness."""
SCORE_DIGITS = 6
"""Decimals of detectors' scores."""
SHARE_DIGITS = 6
"""Decimals of shares, from 0 to 1."""


class Label(StrEnum):
    """What a video is. ``unknown`` is extracted and counted, but never enters a manifest."""

    REAL = "real"
    FAKE = "fake"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """How a video ended."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


class Cause(StrEnum):
    """Why a scene began."""

    START = "start"
    ANGLE = "angle"
    LIGHT = "light"


class MissReason(StrEnum):
    """Why a sampled frame gave no face."""

    NO_FACE = "no-face"
    """Nothing was detected."""
    NOT_TARGET = "not-target"
    """Faces were detected, but not the one that the scene is about."""
    IMPLAUSIBLE = "implausible"
    """Landmarks on what was detected do not form a face."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a video is and whose it is. Empty strings where it is not known."""

    label: Label = Label.UNKNOWN
    method: str = ""
    """How it was forged: ``Deepfakes``, ``Face2Face`` …"""
    target: str = ""
    """Whose video it is; for an original, the person shown."""
    donor: str = ""
    """Whose face was put in."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Area in square pixels; 0 for a box turned inside out."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        """The middle, as (x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def rounded(self) -> "Box":
        """With sides in thousandths of a pixel, as records have them."""
        left, top = round(self.left, PIXEL_DIGITS), round(self.top, PIXEL_DIGITS)
        return Box(left, top, round(self.right, PIXEL_DIGITS), round(self.bottom, PIXEL_DIGITS))

    def resized(self, side: float) -> "Box":
        """A square about the same middle."""
        (x, y), half = self.center, side / 2
        return Box(x - half, y - half, x + half, y + half)

    def lies_in(self, other: "Box") -> bool:
        """Whether no part of it is outside another box."""
        return (
            other.left <= self.left
            and other.top <= self.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )

    def overlap(self, other: "Box") -> float:
        """Intersection over union with another box, in [0, 1]."""
        shared = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        inside = shared.area if shared.width > 0 and shared.height > 0 else 0.0
        union = self.area + other.area - inside
        return inside / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Stream:
    """What the container says of the stream that was decoded, and what decoding it met."""

    container: str
    codec: str
    pixel_format: str
    width: int
    """As shown."""
    height: int
    rotation: int
    """Degrees clockwise that the frame was turned to be shown: 0, 90, 180 or 270."""
    fps: float
    """Mean over all frames, by their timestamps."""
    duration_s: float
    """From the first frame's time to the last one's, plus one frame."""
    bit_rate: int
    """Bits a second of the whole file: size over duration."""
    frames: int
    """All frames, damaged ones included, and those that were not decoded as nobody needed them."""
    frames_corrupt: int
    """Decoded frames that the decoder flagged as damaged; never used."""
    packets_damaged: int
    """Packets that gave an error and were skipped."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What lies between two changes of camera angle or of light."""

    scene: int
    """Index in the video, from 0."""
    cause: Cause
    start_frame: int
    end_frame: int
    """First frame that no longer belongs to the scene."""
    start_s: float
    end_s: float
    sampled: int
    """Frames searched for a face."""
    faces: int


@dataclass(frozen=True, slots=True)
class Face:
    """One aligned crop, and how it was found."""

    face_id: str
    """``<video_id>-<frame>-<n>``; also the name of the crop's file."""
    scene: int
    track: int
    """One face through a scene; counted from 0 within the video."""
    frame: int
    """Index of the decoded frame, from 0."""
    pts: int
    """The frame's timestamp in units of the stream's time base."""
    time_s: float
    """The frame's time from the start of the stream."""
    frame_type: str
    """I, P or B, as the codec coded the frame; ? where it does not say."""
    detector: str
    score: float
    """The detector's own measure of certainty, to a millionth; higher is surer, scales differ by
    detector."""
    box: Box
    """Of the detector, to a thousandth of a pixel."""
    landmarks: tuple[float, ...]
    """x0, y0, x1, y1 …: 68 points in the order of the iBUG 300-W scheme, or dlib's 5, to a
    thousandth of a pixel."""
    center_x: float
    """Centre of the crop, to a thousandth of a pixel."""
    center_y: float
    native_px: float
    """Side of the crop in source pixels, before it was resized, to a thousandth of a pixel."""
    roll_deg: float
    """Turn of the face in the picture plane that the crop undoes, to a thousandth of a degree;
    positive is clockwise."""
    yaw_deg: float
    """Estimated turn to the side, to a thousandth of a degree; positive shows the face looking to
    the picture's right."""
    sharpness: float
    """Variance of the Laplacian of the crop's luma at 256 pixels a side, to a thousandth."""
    brightness: float
    """Mean luma of the crop, 0 to 255, to a thousandth."""
    outside: float
    """Share of the crop that lies outside the frame and was filled by reflection, to a
    millionth."""
    sha256: str
    """Of the crop's file."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A sampled frame without a face."""

    scene: int
    frame: int
    time_s: float
    reason: MissReason


@dataclass(frozen=True, slots=True)
class Video:
    """One video's record: the whole truth about it. Visible at once or not at all."""

    video_id: str
    """First 16 hex digits of the SHA-256 of the file's bytes."""
    path: str
    """Where the video was found, below the folder that was named; forward slashes."""
    size_bytes: int
    provenance: Provenance
    settings_key: str
    """Of the settings that the record was made with."""
    status: Status
    error: str = ""
    """Code of what went wrong; the hint is in :data:`deepfake_dataset.errors.VIDEO_ERRORS`."""
    message: str = ""
    stream: Stream | None = None
    scenes: tuple[Scene, ...] = ()
    faces: tuple[Face, ...] = ()
    misses: tuple[Miss, ...] = ()


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video as it lies on this machine, before anything was read but its bytes."""

    video_id: str
    location: str
    """Absolute path on this machine."""
    path: str
    """As in :attr:`Video.path`."""
    size_bytes: int
    provenance: Provenance
    modified_ns: int = 0
    """Time of modification when the id was taken; 0 where it is not known."""
