"""Details of one face for the page: where it was found, why it is doubted, what was decided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from deepfake_dataset.dataset.decisions import State, landmarks_of
from deepfake_dataset.records import Box
from deepfake_dataset.review.fixed_crops import RecroppedFace
from deepfake_dataset.review.session import ReviewSession

_FACTS = (
    *("face_id", "frame", "time_s", "frame_type", "detector", "score", "yaw_deg", "sharpness"),
    *("outside", "width", "height", "codec", "fps"),
)
_HISTORY = ("time", "reviewer", "action", "reason", "before", "after")


@dataclass(frozen=True, slots=True)
class FaceOverlay:
    """A face drawn into its frame, in pixels of the frame."""

    box: Box
    landmarks: tuple[float, ...]
    square: tuple[float, ...]
    """The crop's corners as x0, y0 … x3, y3, clockwise from its top left."""
    native_px: float


@dataclass(frozen=True, slots=True)
class FaceDetails:
    """Of one face."""

    facts: dict[str, Any]
    found: FaceOverlay
    """By extraction."""
    fixed: FaceOverlay | None
    """By a person, where that stands."""
    history: tuple[dict[str, Any], ...]
    """Every decision on the face, the first one first."""
    original: int | None
    """Position of the original's face at the same time."""


def face_details(session: ReviewSession, position: int, original: int | None) -> FaceDetails:
    """Of the face at a position of the session's queue."""
    row = session.faces.slice(position, 1).to_pylist()[0]
    return FaceDetails(
        facts={name: row[name] for name in _FACTS},
        found=_overlay(row),
        fixed=_fixed(session, position),
        history=_history(session, row["face_id"]),
        original=original,
    )


def recropped_overlay(recropped: RecroppedFace) -> FaceOverlay:
    """Of a crop made anew."""
    return FaceOverlay(
        recropped.box,
        recropped.landmarks,
        _square(recropped.center_x, recropped.center_y, recropped.native_px, recropped.roll_deg),
        recropped.native_px,
    )


def _fixed(session: ReviewSession, position: int) -> FaceOverlay | None:
    if session.verdicts.state_of(position) is not State.FIXED:
        return None
    log, row = session.verdicts.log, int(session.verdicts.row[position])
    names = [name for name in log.column_names if name.startswith("fix_")]
    fix = {name.removeprefix("fix_"): log[name][row].as_py() for name in names}
    return _overlay(fix | {"landmarks": landmarks_of(fix["landmarks"])})


def _overlay(row: dict[str, Any]) -> FaceOverlay:
    return FaceOverlay(
        Box(row["box_left"], row["box_top"], row["box_right"], row["box_bottom"]),
        tuple(row["landmarks"]),
        _square(row["center_x"], row["center_y"], row["native_px"], row["roll_deg"]),
        row["native_px"],
    )


def _square(x: float, y: float, side: float, roll_deg: float) -> tuple[float, ...]:
    turn = np.radians(roll_deg)
    across = np.array([np.cos(turn), np.sin(turn)]) * side / 2
    down = np.array([-np.sin(turn), np.cos(turn)]) * side / 2
    corners = [-across - down, across - down, across + down, -across + down]
    return tuple(float(value) for corner in corners for value in corner + np.array([x, y]))


def _history(session: ReviewSession, face_id: str) -> tuple[dict[str, Any], ...]:
    log = session.verdicts.log
    return tuple(log.filter(pc.equal(log["face_id"], face_id)).select(_HISTORY).to_pylist())
