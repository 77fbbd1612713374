"""All that the page shows of one face: where it was found, why it is doubted, what was decided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.compute as pc

from deepfake_dataset.dataset.decisions import State, landmarks_of
from deepfake_dataset.records import Box
from deepfake_dataset.review.fixed_crops import Retake
from deepfake_dataset.review.session import Desk

_FACTS = (
    *("face_id", "frame", "time_s", "frame_type", "detector", "score", "yaw_deg", "sharpness"),
    *("outside", "width", "height", "codec", "fps"),
)
_SAID = ("time", "reviewer", "action", "reason", "before", "after")


@dataclass(frozen=True, slots=True)
class Outline:
    """A face drawn into its frame, in pixels of the frame."""

    box: Box
    landmarks: tuple[float, ...]
    square: tuple[float, ...]
    """The crop's corners as x0, y0 … x3, y3, clockwise from its top left."""
    native_px: float


@dataclass(frozen=True, slots=True)
class Account:
    """Of one face."""

    facts: dict[str, Any]
    found: Outline
    """By extraction."""
    fixed: Outline | None
    """By a person, where that stands."""
    history: tuple[dict[str, Any], ...]
    """Every decision on the face, the first one first."""
    beside: int | None
    """Position of the original's face at the same time."""


def account_of(desk: Desk, position: int, beside: int | None) -> Account:
    """Of the face at a position of the desk's queue."""
    row = desk.faces.slice(position, 1).to_pylist()[0]
    return Account(
        facts={name: row[name] for name in _FACTS},
        found=_outline(row),
        fixed=_fixed(desk, position),
        history=_history(desk, row["face_id"]),
        beside=beside,
    )


def outline_of(retake: Retake) -> Outline:
    """Of a crop made anew."""
    return Outline(
        retake.box,
        retake.landmarks,
        _square(retake.center_x, retake.center_y, retake.native_px, retake.roll_deg),
        retake.native_px,
    )


def _fixed(desk: Desk, position: int) -> Outline | None:
    if desk.verdicts.state_of(position) is not State.FIXED:
        return None
    log, row = desk.verdicts.log, int(desk.verdicts.row[position])
    names = [name for name in log.column_names if name.startswith("fix_")]
    fix = {name.removeprefix("fix_"): log[name][row].as_py() for name in names}
    return _outline(fix | {"landmarks": landmarks_of(fix["landmarks"])})


def _outline(row: dict[str, Any]) -> Outline:
    return Outline(
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


def _history(desk: Desk, face_id: str) -> tuple[dict[str, Any], ...]:
    log = desk.verdicts.log
    return tuple(log.filter(pc.equal(log["face_id"], face_id)).select(_SAID).to_pylist())
