"""What the demo films: the takes, shot by shot, and the truth about them.

Framings are in pixels of the photographs and were chosen by eye, so that a face is whole in
the frame and large enough to be worth extracting. Each take is filmed twice, once with the
photograph and once with its pseudo-fake: neither size nor compression tells them apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from deepfake_dataset.demo.camera import Move, Pose
from deepfake_dataset.demo.lighting import COOL, DIM, HARSH, STUDIO, WARM, Light, LightingChange
from deepfake_dataset.demo.photos import COELHO, COLLINS, HOPPER, Photo
from deepfake_dataset.records import Cause

FPS = 25


@dataclass(frozen=True, slots=True)
class View:
    """One photograph as one camera moves over it."""

    photo: Photo
    move: Move


@dataclass(frozen=True, slots=True)
class Shot:
    """What lies between two cuts: views side by side, as in an interview by video call."""

    frames: int
    views: tuple[View, ...]
    light: Light = STUDIO
    change: LightingChange | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One video."""

    name: str
    width: int
    height: int
    crf: int
    """x264's constant rate factor: higher is smaller and worse."""
    person: Photo
    """Whom the video is about, and whose face is forged in its pseudo-fake."""
    shots: tuple[Shot, ...]

    @property
    def photos(self) -> frozenset[Photo]:
        """Every photograph that the take shows."""
        return frozenset(view.photo for shot in self.shots for view in shot.views)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of camera angle or of light, by the frames of the whole video."""

    cause: Cause
    detail: str
    """``cut``, or the name of the new light."""
    first_frame: int
    """First frame that differs from what was before."""
    settled_frame: int
    """First frame that shows the change in full: later than the first only for slow light."""


def truth(take: Take) -> tuple[Change, ...]:
    """List every change in a take, in order."""
    return tuple(_changes(take))


def _changes(take: Take) -> Iterator[Change]:
    starts = accumulate((shot.frames for shot in take.shots), initial=0)
    for start, shot in zip(starts, take.shots, strict=False):
        if start > 0:
            yield Change(Cause.ANGLE, "cut", start, start)
        if shot.change is not None:
            first, settled = start + shot.change.frame, start + shot.change.settled
            yield Change(Cause.LIGHT, shot.change.to.name, first, settled)


def _view(photo: Photo, start: Pose, end: Pose, *, mirrored: bool = False) -> View:
    return View(photo, Move(start, end, mirrored))


_COLLINS_1 = (
    Shot(
        80,
        (_view(COLLINS, Pose(256, 144, 490), Pose(240, 132, 430, 1.0)),),
        change=LightingChange(44, DIM),
    ),
    Shot(65, (_view(COLLINS, Pose(222, 102, 310, -1.5), Pose(226, 104, 330), mirrored=True),)),
    Shot(50, (_view(COLLINS, Pose(318, 118, 370), Pose(276, 114, 370, 1.0)),), COOL),
)

_COLLINS_2 = (
    Shot(55, (_view(COLLINS, Pose(238, 112, 360, 1.0), Pose(214, 108, 340)),)),
    Shot(35, (_view(COLLINS, Pose(392, 180, 220), Pose(392, 240, 220)),)),
    Shot(
        90,
        (_view(COLLINS, Pose(240, 130, 440), Pose(228, 112, 350), mirrored=True),),
        change=LightingChange(30, WARM, over=25),
    ),
)

_HOPPER_1 = (
    Shot(50, (_view(HOPPER, Pose(256, 206, 490), Pose(262, 212, 470)),)),
    Shot(
        75,
        (_view(HOPPER, Pose(288, 230, 420, -1.0), Pose(270, 230, 420), mirrored=True),),
        change=LightingChange(38, HARSH),
    ),
)

_HOPPER_2 = (
    Shot(
        90,
        (_view(HOPPER, Pose(256, 215, 490), Pose(262, 210, 460, 1.0)),),
        WARM,
        LightingChange(32, STUDIO, over=20),
    ),
    Shot(30, (_view(HOPPER, Pose(370, 480, 250), Pose(350, 480, 250)),)),
    Shot(50, (_view(HOPPER, Pose(272, 222, 350), Pose(272, 226, 330), mirrored=True),)),
)

_COELHO_1 = (
    Shot(
        80,
        (_view(COELHO, Pose(150, 188, 272), Pose(146, 192, 260)),),
        change=LightingChange(40, COOL),
    ),
    Shot(60, (_view(COELHO, Pose(138, 206, 236, 1.0), Pose(136, 204, 226), mirrored=True),)),
)

_PANEL_1 = (
    Shot(
        60,
        (
            _view(COLLINS, Pose(224, 108, 160), Pose(222, 106, 152)),
            _view(HOPPER, Pose(262, 240, 400), Pose(262, 236, 390)),
        ),
    ),
    Shot(50, (_view(COLLINS, Pose(256, 144, 480), Pose(246, 138, 450), mirrored=True),)),
    Shot(
        40,
        (
            _view(HOPPER, Pose(268, 220, 350), Pose(268, 220, 340), mirrored=True),
            _view(COLLINS, Pose(226, 110, 165), Pose(226, 108, 158), mirrored=True),
        ),
        WARM,
    ),
)

TAKES = (
    Take("collins-1", 640, 360, 23, COLLINS, _COLLINS_1),
    Take("collins-2", 854, 480, 28, COLLINS, _COLLINS_2),
    Take("hopper-1", 1280, 720, 23, HOPPER, _HOPPER_1),
    Take("hopper-2", 640, 480, 26, HOPPER, _HOPPER_2),
    Take("coelho-1", 480, 640, 23, COELHO, _COELHO_1),
    Take("panel-1", 854, 480, 23, COLLINS, _PANEL_1),
)
