"""How far the review of a dataset is: a part of ``dsbuild status``."""

from dataclasses import dataclass

import numpy as np

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import State, Verdicts, read_decisions, verdicts
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.records import Label
from deepfake_dataset.storage.paths import StrPath


@dataclass(frozen=True, slots=True)
class LabelReview:
    """Faces of one label, that of their video; each is reviewed or open."""

    label: str
    faces: int
    reviewed: int
    open: int
    """Nobody has decided, or what was decided has to be confirmed."""
    rejected: int
    """Of those reviewed; wrong persons are among them."""
    fixed: int
    relabelled: int
    to_confirm: int
    """Of those open: decided once, but the face is elsewhere now."""


@dataclass(frozen=True, slots=True)
class ReviewStatus:
    """How far a review is."""

    cells: tuple[LabelReview, ...]
    gone: int
    """Decisions on faces that the dataset no longer has. They are kept."""


def read_review_status(dataset: StrPath) -> ReviewStatus:
    """Count faces by what people decided.

    Raises :class:`UsageError` for a folder that holds no dataset, and for a damaged log.
    """
    opened = Dataset.open(dataset)
    faces = read_faces(opened)
    decided = verdicts(faces, read_decisions(opened))
    label = np.asarray(faces["label"].to_numpy(zero_copy_only=False))
    cells = [_cell(word, label == word, decided) for word in Label if (label == word).any()]
    return ReviewStatus(tuple(cells), len(decided.gone))


def _cell(
    label: Label, own: np.ndarray[tuple[int], np.dtype[np.bool_]], decided: Verdicts
) -> LabelReview:
    def number(*states: State) -> int:
        return int((decided.is_in(*states) & own).sum())

    return LabelReview(
        label=label.value,
        faces=int(own.sum()),
        reviewed=int((decided.reviewed & own).sum()),
        open=number(State.UNDECIDED, State.TO_CONFIRM),
        rejected=number(State.REJECTED, State.WRONG_PERSON),
        fixed=number(State.FIXED),
        relabelled=number(State.RELABELLED),
        to_confirm=number(State.TO_CONFIRM),
    )
