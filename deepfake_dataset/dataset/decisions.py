"""Which decision counts for each face, and the faces as people left them.

A decision is bound to a place: a video, a frame of it, and the box that the face had. So it
holds when a face is extracted anew and its box has moved a little; a decision whose face has
moved away waits to be confirmed. The last decision on a face counts; ``undo`` takes back
the last one that still stands.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfake_dataset.dataset.decision_log import (
    SCHEMA,
    Action,
    Decision,
    Decisions,
    Fix,
    append_decisions,
    read_decisions,
)
from deepfake_dataset.dataset.layout import crop_keys
from deepfake_dataset.settings import ExtractSettings

__all__ = [
    "STATES",
    "STATE_AFTER",
    "Action",
    "Decision",
    "DecisionReplay",
    "Decisions",
    "Fix",
    "State",
    "Verdicts",
    "append_decisions",
    "apply_decisions",
    "landmarks_of",
    "read_decisions",
    "verdicts",
]

_SAME = 0.5
"""Boxes of one frame are the same face from this overlap on (PASCAL VOC's criterion)."""
_PIECES = 64


class State(StrEnum):
    """What the decisions say of a face."""

    UNDECIDED = "undecided"
    KEPT = "kept"
    REJECTED = "rejected"
    FIXED = "fixed"
    RELABELLED = "relabelled"
    WRONG_PERSON = "wrong-person"
    TO_CONFIRM = "to-confirm"
    """Something was decided, but the face or the settings of its crop are others now."""


STATES: tuple[State, ...] = tuple(State)
"""States by their codes in :attr:`Verdicts.state`."""
STATE_AFTER = {
    Action.KEEP: State.KEPT,
    Action.REJECT: State.REJECTED,
    Action.FIX: State.FIXED,
    Action.RELABEL: State.RELABELLED,
    Action.WRONG_PERSON: State.WRONG_PERSON,
}
_ACTIONS = tuple(Action)
_CODE_AFTER = np.array(
    [STATES.index(STATE_AFTER.get(action, State.UNDECIDED)) for action in _ACTIONS], np.uint8
)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a log says of the faces of a table, row by row."""

    state: NDArray[np.uint8]
    """Codes into :data:`STATES`."""
    row: NDArray[np.int64]
    """Of the log: the decision that stands, or waits to be confirmed; −1 where there is none."""
    gone: NDArray[np.int64]
    """Rows of the log that stand for faces which the dataset no longer has."""
    log: pa.Table

    def state_of(self, face: int) -> State:
        """What is said of one face."""
        return STATES[int(self.state[face])]

    def is_in(self, *states: State) -> NDArray[np.bool_]:
        """Which faces are in one of these states."""
        mask: NDArray[np.bool_] = np.isin(self.state, [STATES.index(state) for state in states])
        return mask

    @property
    def reviewed(self) -> NDArray[np.bool_]:
        """Which faces a person has decided on, for good."""
        return self.is_in(*(set(STATES) - {State.UNDECIDED, State.TO_CONFIRM}))

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Which faces must not reach a manifest.

        That is those refused, and those where something else than keep waits to be
        confirmed: until then it is the more careful reading.
        """
        action = _codes_of(self.log, self.row)
        waits = self.is_in(State.TO_CONFIRM) & (action != _ACTIONS.index(Action.KEEP))
        refused: NDArray[np.bool_] = self.is_in(State.REJECTED, State.WRONG_PERSON) | waits
        return refused


def verdicts(faces: pa.Table, decisions: Decisions) -> Verdicts:
    """What the decisions say of each face in a table of ``read_faces``."""
    ledger = DecisionReplay(faces)
    ledger.take(decisions)
    return ledger.verdicts()


def apply_decisions(faces: pa.Table, decisions: Decisions) -> pa.Table:
    """The faces as people left them, for manifests.

    Refused ones are gone. Fixed ones have their new place, measures and ``sha256``;
    relabelled ones their new label (and no method where that is not fake; target and donor
    stay, they say whose pictures must not be parted). Added are ``crop``, the path of the
    PNG below the dataset with forward slashes, and ``reviewed``, whether a person decided.
    """
    said = verdicts(faces, decisions)
    table = faces.append_column("crop", crop_keys(faces["video_id"], faces["face_id"]))
    table = table.append_column("reviewed", pa.array(said.reviewed))
    table = _with_labels(table, said)
    table = _with_fixes(table, said)
    return table.filter(pa.array(~said.refused))


class DecisionReplay:
    """Keeps account of what stands for each face, as decisions come in."""

    def __init__(self, faces: pa.Table) -> None:
        """For a table with the columns video_id, frame and the box's."""
        self._finder = _Finder(faces)
        self._standing = np.full(faces.num_rows, -1, np.int64)
        self._stacks: dict[object, list[int]] = {}
        self._lost: dict[tuple[str, int], list[NDArray[np.float64]]] = {}
        self._log = SCHEMA.empty_table()
        self._settings = ExtractSettings()

    def take(self, decisions: Decisions) -> None:
        """Add the rows of a reading that follows what was taken before."""
        rows, first = decisions.rows, self._log.num_rows
        self._log = _joined(self._log, rows)
        self._settings = decisions.settings
        places, undo = _boxes(rows), _action_codes(rows) == _ACTIONS.index(Action.UNDO)
        found = self._finder.find(rows["video_id"], _numbers(rows["frame"]), places)
        for i, (face, takes_back) in enumerate(zip(found.tolist(), undo.tolist(), strict=True)):
            key = face if face >= 0 else self._place(rows, places, i)
            stack = self._stacks.setdefault(key, [])
            if not takes_back:
                stack.append(first + i)
            elif stack:
                stack.pop()
            if face >= 0:
                self._standing[face] = stack[-1] if stack else -1

    def standing(self, face: int) -> tuple[int, ...]:
        """Rows of the log that stand for a face, each in the place of those before it."""
        return tuple(self._stacks.get(face, ()))

    def state_of(self, row: int) -> State:
        """State into which a row of the log brings a face."""
        return STATE_AFTER[Action(self._log["action"][row].as_py())]

    def verdicts(self) -> Verdicts:
        """What stands now."""
        row = self._standing.copy()
        codes = np.append(_CODE_AFTER[_action_codes(self._log)], 0)
        state = codes[row]
        state[self._is_outdated(row)] = STATES.index(State.TO_CONFIRM)
        gone = []
        for waiting in self._waiting():
            face = self._finder.nearest(self._log, waiting, undecided=self._standing < 0)
            if face is None:
                gone.append(waiting)
            elif face >= 0:
                row[face], state[face] = waiting, STATES.index(State.TO_CONFIRM)
        return Verdicts(state, row, np.array(gone, np.int64), self._log)

    def _is_outdated(self, row: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Fixed crops of another size or margin than those of the settings now."""
        size = pc.equal(self._log["fix_size_px"], self._settings.size_px)
        margin = pc.equal(self._log["fix_margin"], self._settings.margin)
        sound = pc.fill_null(pc.and_(size, margin), True).to_numpy(zero_copy_only=False)
        return ~np.append(sound, True)[row]

    def _place(self, rows: pa.Table, boxes: NDArray[np.float64], i: int) -> tuple[object, ...]:
        """Of a face that is not there now: the first of the boxes that are the same face's."""
        frame = rows["video_id"][i].as_py(), rows["frame"][i].as_py()
        known = self._lost.setdefault(frame, [])
        for number, box in enumerate(known):
            if _overlap(box[None], boxes[i][None])[0] >= _SAME:
                return *frame, number
        known.append(boxes[i])
        return *frame, len(known) - 1

    def _waiting(self) -> list[int]:
        """Rows that stand for a place where the same face is no longer found, in order."""
        places = (stack for key, stack in self._stacks.items() if not isinstance(key, int))
        return sorted(stack[-1] for stack in places if stack)


def _joined(log: pa.Table, rows: pa.Table) -> pa.Table:
    """One table; copied now and then, as columns of a thousand pieces are slow."""
    joined = pa.concat_tables([log, rows])
    return joined.combine_chunks() if joined["action"].num_chunks > _PIECES else joined


class _Finder:
    """Finds the face that lies where another one lay."""

    def __init__(self, faces: pa.Table) -> None:
        self._boxes = _boxes(faces)
        video_ids = faces["video_id"].unique()
        self._codes = {video_id: code for code, video_id in enumerate(video_ids.to_pylist())}
        keys = self._keys(faces["video_id"], _numbers(faces["frame"]))
        self._order = np.argsort(keys, kind="stable")
        self._keys_in_order = keys[self._order]

    def find(
        self, video_ids: pa.ChunkedArray, frames: NDArray[np.int64], boxes: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The face in the same frame that overlaps most and enough; −1 where none does."""
        found = np.full(len(frames), -1, np.int64)
        most = np.full(len(frames), _SAME)
        first, count = self._in_frame(video_ids, frames)
        for i in range(int(count.max(initial=0))):
            there = np.flatnonzero(count > i)
            face = self._order[first[there] + i]
            overlap = _overlap(self._boxes[face], boxes[there])
            better = overlap >= most[there]
            found[there[better]], most[there[better]] = face[better], overlap[better]
        return found

    def nearest(self, log: pa.Table, row: int, *, undecided: NDArray[np.bool_]) -> int | None:
        """The undecided face of the same frame that touches the place of a row most.

        None where nothing there touches it, −1 where what does is decided on by now.
        """
        at = log.slice(row, 1)
        first, count = self._in_frame(at["video_id"], _numbers(at["frame"]))
        faces = self._order[first[0] : first[0] + count[0]]
        overlap = _overlap(self._boxes[faces], _boxes(at))
        touching = faces[overlap > 0]
        if not len(touching):
            return None
        open_ = np.where(undecided[faces], overlap, 0)
        return int(faces[open_.argmax()]) if open_.max() > 0 else -1

    def _in_frame(
        self, video_ids: pa.ChunkedArray, frames: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        keys = self._keys(video_ids, frames)
        first = np.searchsorted(self._keys_in_order, keys, "left")
        return first, np.searchsorted(self._keys_in_order, keys, "right") - first

    def _keys(self, video_ids: pa.ChunkedArray, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """One number for a frame of a video; −1 for videos that are not known."""
        coded = video_ids.combine_chunks().dictionary_encode()
        known = [self._codes.get(video_id, -1) for video_id in coded.dictionary.to_pylist()]
        video = np.array([*known, -1], np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
        return np.where(video < 0, -1, (video << 40) + frames)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.to_numpy())


def _boxes(table: pa.Table) -> NDArray[np.float64]:
    """(n, 4): left, top, right, bottom."""
    names = ("box_left", "box_top", "box_right", "box_bottom")
    return np.column_stack([table[name].to_numpy() for name in names])


def _action_codes(log: pa.Table) -> NDArray[np.int64]:
    codes = pc.index_in(log["action"], pa.array([str(action) for action in Action]))
    return np.asarray(codes.to_numpy(), np.int64)


def _codes_of(log: pa.Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """As :func:`_action_codes`, for some rows; −1 for the row −1."""
    codes: NDArray[np.int64] = np.append(_action_codes(log), -1)[rows]
    return codes


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes (n, 4), pair by pair, in [0, 1]."""
    size = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.clip(size, 0, None).prod(axis=1)
    areas = [np.clip(box[:, 2:] - box[:, :2], 0, None).prod(axis=1) for box in (one, other)]
    overlap: NDArray[np.float64] = shared / np.maximum(areas[0] + areas[1] - shared, 1e-9)
    return overlap


def _with_labels(table: pa.Table, said: Verdicts) -> pa.Table:
    changed = said.is_in(State.RELABELLED)
    if not changed.any():
        return table
    label, method = (
        table[name].to_numpy(zero_copy_only=False).copy() for name in ("label", "method")
    )
    label[changed] = said.log["after"].to_numpy(zero_copy_only=False)[said.row[changed]]
    method[changed & (label != "fake")] = ""
    return _set(_set(table, "label", label), "method", method)


def _with_fixes(table: pa.Table, said: Verdicts) -> pa.Table:
    changed = said.is_in(State.FIXED)
    if not changed.any():
        return table
    places = pa.array(np.flatnonzero(changed))
    fixes = said.log.take(pa.array(said.row[changed]))
    for name in table.column_names:
        if f"fix_{name}" in SCHEMA.names:
            values = table[name].to_pylist()
            new = _fixed_values(fixes[f"fix_{name}"], name)
            for place, value in zip(places.to_pylist(), new, strict=True):
                values[place] = value
            table = _set(table, name, values)
    return table


def _fixed_values(column: pa.ChunkedArray, name: str) -> list[Any]:
    values: list[Any] = column.to_pylist()
    return [landmarks_of(text) for text in values] if name == "landmarks" else values


def landmarks_of(cell: str) -> list[float]:
    """The numbers of a cell of ``fix_landmarks``."""
    return [float(number) for number in cell.split()]


def _set(table: pa.Table, name: str, values: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    field = table.schema.field(name)
    return table.set_column(place, field, pa.array(values, field.type))
