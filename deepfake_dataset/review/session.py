"""A review session: all faces worst first, what is decided on each, and how to decide and undo.

This is all that the page needs, and a notebook. Any number of sessions, in any processes, may
be open on one dataset: each sees what the others decided when it looks.
"""

from collections.abc import Iterable, Sequence
from threading import RLock
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfake_dataset.dataset import layout
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decision_log import HeldLog, holding_log
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
from deepfake_dataset.errors import UnknownFaceError
from deepfake_dataset.records import Box, Face, Label
from deepfake_dataset.review.crop_files import read_crop
from deepfake_dataset.review.fixed_crops import (
    FaceLocation,
    FaceMarks,
    RecroppedFace,
    SourceFrames,
    store_fixed_crop,
)
from deepfake_dataset.review.make_decisions import (
    Acknowledgement,
    DecisionRequest,
    StandingDecision,
    make_decision,
)
from deepfake_dataset.review.queue_csv import label_of


class ReviewSession:
    """Decides on the faces of one dataset. Safe to use from several threads."""

    def __init__(self, dataset: Dataset, faces: pa.Table, source: SourceFrames) -> None:
        """For faces in the order of a queue: those of ``queue_order.order_by_suspicion``."""
        self.faces = faces
        """Worst first; the columns of ``read_faces`` and ``suspicion``, ``reasons``.

        A face is named by its position in this table, or by its ``face_id``.
        """
        self._dataset = dataset
        self._source = source
        self._lock = RLock()
        ids = faces["face_id"].to_pylist()
        self._positions = {face_id: position for position, face_id in enumerate(ids)}
        self._replay = DecisionReplay(faces)
        self._end = 0
        self._verdicts = self._replay.verdicts()
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
                self._replay.take(news)
                self._verdicts = self._replay.verdicts()
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
        return bool(self._replay.standing(self.position(face_id)))

    def is_decided(self, request: DecisionRequest) -> bool:
        """Whether the same stands already, by whomever it was decided, for the same reason."""
        at = self.position(request.face_id)
        if self._verdicts.state_of(at) is not STATE_AFTER.get(request.action):
            return False
        row = int(self._verdicts.row[at])
        same_label = request.label in (None, self.label(request.face_id))
        return same_label and self._verdicts.log["reason"][row].as_py() == one_line(request.reason)

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

    def crop_key(self, face_id: str) -> str:
        """Where the crop is that counts now: the one of the latest fix, or extraction's."""
        at = self.position(face_id)
        if self._verdicts.state_of(at) is State.FIXED:
            key: str = self._verdicts.log["fix_crop"][int(self._verdicts.row[at])].as_py()
            return key
        return layout.crop_key(self.faces["video_id"][at].as_py(), face_id)

    def read_crop(self, face_id: str) -> bytes:
        """The PNG of the crop that counts now.

        Raises :class:`MissingCropError`.
        """
        return read_crop(self._dataset, self.crop_key(face_id))

    def crop_sha256(self, position: int) -> str:
        """Hash of the bytes of the crop that counts now."""
        if self._verdicts.state_of(position) is State.FIXED:
            row = int(self._verdicts.row[position])
            return str(self._verdicts.log["fix_sha256"][row].as_py())
        return str(self.faces["sha256"][position].as_py())

    def decide(
        self,
        face_ids: Iterable[str],
        action: Action,
        *,
        reviewer: str,
        reason: str = "",
        label: Label | None = None,
    ) -> Acknowledgement:
        """Keep, reject, relabel (to ``label``) faces or call them the wrong person, all at once.

        When this returns, the decisions are on the disk.

        Raises :class:`UnknownFaceError` and :class:`DatasetWriteError`; then none was made.
        """
        requests = [DecisionRequest(face_id, action, reason, label) for face_id in face_ids]
        return self.decide_all(requests, reviewer=reviewer)

    def undo(
        self, face_ids: Iterable[str], *, reviewer: str, reason: str = "", seen: int | None = None
    ) -> Acknowledgement:
        """Take back the decision that stands for each of these faces.

        ``seen`` is the session's version that the person saw: where someone has decided on one
        of the faces since, nothing is taken back.

        Raises :class:`DecidedSinceError`, and :class:`ReviewError` where nothing stands.
        """
        requests = [DecisionRequest(face_id, Action.UNDO, reason) for face_id in face_ids]
        return self.decide_all(requests, reviewer=reviewer, seen=seen)

    def decide_all(
        self, requests: Sequence[DecisionRequest], *, reviewer: str, seen: int | None = None
    ) -> Acknowledgement:
        """Make many decisions at once, all or none; raises what the two above raise."""
        with self._lock, holding_log(self._dataset) as log:
            self.refresh()
            decisions = [self._decision(each, reviewer, seen=seen) for each in requests]
            return self._append(log, decisions)

    def fix(
        self, face_id: str, marks: FaceMarks, *, reviewer: str, reason: str = ""
    ) -> Acknowledgement:
        """Cut the face out anew, as marked, and keep the crop.

        Raises what :meth:`preview` raises, and :class:`DatasetWriteError`.
        """
        location = self._location_of(self.position(face_id))
        crop = store_fixed_crop(self._dataset, location, self._source.recrop(location, marks))
        with self._lock, holding_log(self._dataset) as log:
            self.refresh()
            request = DecisionRequest(face_id, Action.FIX, reason)
            return self._append(log, [self._decision(request, reviewer, fix=crop)])

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

    def _append(self, log: HeldLog, decisions: Sequence[Decision]) -> Acknowledgement:
        first = self.version
        log.append(decisions)
        self.refresh()
        return Acknowledgement(tuple(range(first, first + len(decisions))), self.version)

    def _decision(
        self,
        request: DecisionRequest,
        reviewer: str,
        *,
        seen: int | None = None,
        fix: Fix | None = None,
    ) -> Decision:
        at = self.position(request.face_id)
        return make_decision(
            request,
            self._row(at),
            state=self.state(request.face_id),
            label=self.label(request.face_id),
            undone=self._standing(at) if request.action is Action.UNDO else None,
            reviewer=reviewer,
            seen=seen,
            fix=fix,
        )

    def _standing(self, at: int) -> StandingDecision | None:
        rows = self._replay.standing(at)
        if not rows:
            return None
        reviewer: str = self._verdicts.log["reviewer"][rows[-1]].as_py()
        before = self._replay.state_of(rows[-2]) if rows[1:] else State.UNDECIDED
        return StandingDecision(rows[-1], reviewer, before)

    def _location_of(self, at: int) -> FaceLocation:
        row = self._row(at)
        values = {name: row[name] for name in Face.__dataclass_fields__ if name != "box"}
        values["landmarks"] = tuple(row["landmarks"])
        return FaceLocation(row["video_id"], Face(**values, box=_box(row)))

    def _row(self, at: int) -> dict[str, Any]:
        row: dict[str, Any] = self.faces.slice(at, 1).to_pylist()[0]
        return row


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
