"""A review session: faces worst first, the decisions on them, and how to decide and undo.

This is all that the page needs, and a notebook. Any number of sessions, in any processes, may
be open on one dataset: each sees what the others decided when it looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decision_log import HeldLog, holding_log, now
from deepfake_dataset.dataset.decisions import (
    STATE_AFTER,
    Action,
    Decision,
    DecisionReplay,
    Fix,
    State,
    Verdicts,
    read_decisions,
)
from deepfake_dataset.dataset.spreadsheet_safety import one_line
from deepfake_dataset.errors import DecidedSinceError, ReviewError, UnknownFaceError
from deepfake_dataset.records import Box, Face, Label
from deepfake_dataset.review.fixed_crops import (
    FaceLocation,
    FaceMarks,
    RecroppedFace,
    SourceFrames,
    store_fixed_crop,
)
from deepfake_dataset.review.queue import label_of


@dataclass(frozen=True, slots=True)
class Receipt:
    """Acknowledges decisions: they are on the disk."""

    rows: tuple[int, ...]
    """Their positions in the log."""
    version: int
    """Of the desk, with them and all that others decided before."""


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What someone wants to be decided."""

    face_id: str
    action: Action
    """Any but fix, which needs marks."""
    reason: str = ""
    label: Label | None = None
    """With relabel, and only then."""

    def __post_init__(self) -> None:
        if (self.action is Action.RELABEL) != (self.label is not None):
            raise ReviewError("a label goes with relabel alone", "see docs/review.md")


class ReviewSession:
    """Decides on the faces of one dataset. Safe to use from several threads."""

    def __init__(self, dataset: Dataset, faces: pa.Table, source: SourceFrames) -> None:
        """For faces in the order of a queue: those of :func:`review.queue.rank`."""
        self.faces = faces
        """Worst first; the columns of ``read_faces`` and ``suspicion``, ``reasons``, ``why``.

        A face is named by its position in this table, or by its ``face_id``.
        """
        self._dataset = dataset
        self._source = source
        self._lock = RLock()
        ids = faces["face_id"].to_pylist()
        self._positions = {face_id: position for position, face_id in enumerate(ids)}
        self._ledger = DecisionReplay(faces)
        self._end = 0
        self._verdicts = self._ledger.verdicts()
        self.refresh()

    @property
    def dataset(self) -> Dataset:
        """The dataset that is reviewed."""
        return self._dataset

    @property
    def version(self) -> int:
        """Grows with every decision, whoever makes it: how many the log has."""
        return int(self._verdicts.log.num_rows)

    @property
    def verdicts(self) -> Verdicts:
        """What stands for each face, in the order of :attr:`faces`."""
        return self._verdicts

    def refresh(self) -> list[int]:
        """Read what others have decided; gives the positions of faces that changed by it.

        Costs one look at the file's size where nothing is new.
        """
        with self._lock:
            before = self._verdicts
            news = read_decisions(self._dataset, self._end)
            self._end = news.end
            if news.rows.num_rows:
                self._ledger.take(news)
                self._verdicts = self._ledger.verdicts()
            return _changed(before, self._verdicts)

    def position(self, face_id: str) -> int:
        """Where a face is in :attr:`faces`.

        Raises :class:`UnknownFaceError`.
        """
        try:
            return self._positions[face_id]
        except KeyError:
            raise UnknownFaceError(
                f"the dataset has no face {face_id!r}", "it may have been extracted anew: reload"
            ) from None

    def has(self, face_id: str) -> bool:
        """Whether the dataset has a face."""
        return face_id in self._positions

    def can_undo(self, face_id: str) -> bool:
        """Whether a decision stands that could be taken back."""
        return bool(self._ledger.standing(self.position(face_id)))

    def stands(self, choice: DecisionRequest) -> bool:
        """Whether the same stands already, by whomever it was decided, for the same reason."""
        at = self.position(choice.face_id)
        if self._verdicts.state_of(at) is not STATE_AFTER.get(choice.action):
            return False
        row = int(self._verdicts.row[at])
        same_label = choice.label in (None, self.label(choice.face_id))
        return same_label and self._verdicts.log["reason"][row].as_py() == one_line(choice.reason)

    def track_of(self, face_id: str) -> list[str]:
        """The faces of the same track, by time; the face itself among them."""
        at = self.position(face_id)
        same = np.ones(self.faces.num_rows, np.bool_)
        for name in ("video_id", "track"):
            column = self.faces[name].to_numpy()
            same &= column == column[at]
        frames = self.faces["frame"].to_numpy()
        track = np.flatnonzero(same)
        inorder = track[np.argsort(frames[track], kind="stable")]
        face_ids: list[str] = self.faces["face_id"].take(pa.array(inorder)).to_pylist()
        return face_ids

    def state(self, face_id: str) -> State:
        """What stands for a face."""
        return self._verdicts.state_of(self.position(face_id))

    def label(self, face_id: str) -> Label:
        """A face's label: of its video, or as it was relabelled."""
        at = self.position(face_id)
        return Label(label_of(self._verdicts, at, self.faces["label"][at].as_py()))

    def fix_of(self, face_id: str) -> FaceMarks | None:
        """Box and landmarks as they were fixed; None where the face is not fixed."""
        at = self.position(face_id)
        return _marks_in(self._verdicts.log, int(self._verdicts.row[at]))

    def crop_path(self, face_id: str) -> Path:
        """The crop that counts now: the one of the latest fix, or extraction's."""
        at = self.position(face_id)
        if self._verdicts.state_of(at) is State.FIXED:
            crop: str = self._verdicts.log["fix_crop"][int(self._verdicts.row[at])].as_py()
            return self._dataset.root / crop
        return self._dataset.face_path(self.faces["video_id"][at].as_py(), face_id)

    def decide(
        self,
        face_ids: Iterable[str],
        action: Action,
        *,
        reviewer: str,
        reason: str = "",
        label: Label | None = None,
    ) -> Receipt:
        """Keep, reject, relabel (to ``label``) faces or call them the wrong person, all at once.

        When this returns, the decisions are on the disk.

        Raises :class:`UnknownFaceError` and :class:`DatasetWriteError`; then none was made.
        """
        choices = [DecisionRequest(face_id, action, reason, label) for face_id in face_ids]
        return self.choose(choices, reviewer=reviewer)

    def undo(
        self, face_ids: Iterable[str], *, reviewer: str, reason: str = "", seen: int | None = None
    ) -> Receipt:
        """Take back the decision that stands for each of these faces.

        ``seen`` is the desk's version that the person saw: where someone has decided on one
        of the faces since, nothing is taken back.

        Raises :class:`DecidedSinceError`, and :class:`ReviewError` where nothing stands.
        """
        choices = [DecisionRequest(face_id, Action.UNDO, reason) for face_id in face_ids]
        return self.choose(choices, reviewer=reviewer, seen=seen)

    def choose(
        self, choices: Sequence[DecisionRequest], *, reviewer: str, seen: int | None = None
    ) -> Receipt:
        """Make many decisions at once, all or none; raises what the two above raise."""
        with self._lock, holding_log(self._dataset) as log:
            self.refresh()
            return self._add(log, [self._decision(c, reviewer, seen=seen) for c in choices])

    def fix(self, face_id: str, marks: FaceMarks, *, reviewer: str, reason: str = "") -> Receipt:
        """Cut the face out anew, as marked, and keep the crop.

        Raises what :meth:`preview` raises, and :class:`DatasetWriteError`.
        """
        location = self._location_of(self.position(face_id))
        crop = store_fixed_crop(self._dataset, location, self._source.recrop(location, marks))
        with self._lock, holding_log(self._dataset) as log:
            self.refresh()
            choice = DecisionRequest(face_id, Action.FIX, reason)
            return self._add(log, [self._decision(choice, reviewer, fix=crop)])

    def preview(self, face_id: str, marks: FaceMarks) -> RecroppedFace:
        """The crop that :meth:`fix` would make, and the landmarks found; nothing is kept.

        Raises :class:`NoFaceThereError`, :class:`SourceGoneError`, :class:`VideoError`.
        """
        return self._source.recrop(self._location_of(self.position(face_id)), marks)

    def frame(self, face_id: str) -> bytes:
        """The whole source frame of a face as JPEG, in the coordinates of box and landmarks.

        Raises :class:`SourceGoneError`, :class:`VideoError`.
        """
        return self._source.frame_jpeg(self._location_of(self.position(face_id)))

    def _add(self, log: HeldLog, decisions: Sequence[Decision]) -> Receipt:
        first = self.version
        log.append(decisions)
        self.refresh()
        return Receipt(tuple(range(first, first + len(decisions))), self.version)

    def _decision(
        self,
        choice: DecisionRequest,
        reviewer: str,
        *,
        seen: int | None = None,
        fix: Fix | None = None,
    ) -> Decision:
        at = self.position(choice.face_id)
        face = self.faces.slice(at, 1).to_pylist()[0]
        before: str = self.state(choice.face_id)
        after: str = self._after(at, choice, seen)
        if choice.label is not None:
            before, after = self.label(choice.face_id), choice.label
        return Decision(
            time=now(),
            reviewer=reviewer,
            action=choice.action,
            reason=choice.reason,
            video_id=face["video_id"],
            frame=face["frame"],
            face_id=face["face_id"],
            box=_box(face),
            before=str(before),
            after=str(after),
            fix=fix,
        )

    def _after(self, at: int, choice: DecisionRequest, seen: int | None) -> State:
        if choice.action is not Action.UNDO:
            return STATE_AFTER[choice.action]
        standing = self._ledger.standing(at)
        if not standing:
            raise ReviewError(f"nothing is decided on {choice.face_id}", "there is nothing to undo")
        if seen is not None and standing[-1] >= seen:
            who = self._verdicts.log["reviewer"][standing[-1]].as_py()
            raise DecidedSinceError(
                f"{who} has decided on {choice.face_id} in the meantime",
                "look again, then decide",
            )
        return self._ledger.state_of(standing[-2]) if standing[1:] else State.UNDECIDED

    def _location_of(self, at: int) -> FaceLocation:
        row = self.faces.slice(at, 1).to_pylist()[0]
        values = {name: row[name] for name in Face.__dataclass_fields__ if name != "box"}
        values["landmarks"] = tuple(row["landmarks"])
        return FaceLocation(row["video_id"], Face(**values, box=_box(row)))


def _changed(before: Verdicts, after: Verdicts) -> list[int]:
    if before is after:
        return []
    other: NDArray[np.bool_] = (before.row != after.row) | (before.state != after.state)
    positions: list[int] = np.flatnonzero(other).tolist()
    return positions


def _box(face: dict[str, float]) -> Box:
    return Box(face["box_left"], face["box_top"], face["box_right"], face["box_bottom"])


def _marks_in(log: pa.Table, row: int) -> FaceMarks | None:
    if row < 0 or not log["fix_crop"][row].as_py():
        return None
    fix = {
        name.removeprefix("fix_"): log[name][row].as_py()
        for name in log.column_names
        if name.startswith("fix_")
    }
    return FaceMarks(_box(fix), tuple(map(float, fix["landmarks"].split())))
