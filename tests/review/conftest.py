from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Action, Decision, Fix
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import SourceGoneError
from deepfake_dataset.records import Box, Label, Provenance, Video
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.review.session import ReviewSession

VIDEO = "0123456789abcdef"


@pytest.fixture(scope="session")
def decision() -> Callable[..., Decision]:
    """A decision on face 0 of the record, or as the fields say."""

    def make(action: Action = Action.REJECT, face: int = 0, **fields: Any) -> Decision:
        made = Decision(
            time="2030-01-02T03:04:05.678+00:00",
            reviewer="Ann",
            action=action,
            reason="",
            video_id=VIDEO,
            frame=face,
            face_id=f"{VIDEO}-{face:06d}-0",
            box=Box(10, 20, 110, 120.5),
            before="undecided",
            after="",
        )
        return replace(made, **fields)

    return make


@pytest.fixture(scope="session")
def fix() -> Fix:
    return Fix(
        box=Box(20, 30, 120, 130),
        landmarks=(5.0, 6.0, 7.25, 8.0),
        center_x=70,
        center_y=80,
        native_px=140.125,
        roll_deg=1,
        yaw_deg=-2,
        sharpness=99,
        brightness=88,
        outside=0.5,
        size_px=256,
        margin=1.3,
        crop=f"review/crops/{VIDEO}/{VIDEO}-000000-0-cdcdcdcd.png",
        sha256="cd" * 32,
    )


class FakeFrames:
    """Gives what it is told to; knows nothing of videos."""

    def __init__(self) -> None:
        self.gone = False
        self.asked: list[tuple[FaceLocation, FaceMarks | None]] = []

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        self._ask(location, None)
        return b"jpeg"

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        self._ask(location, marks)
        box = marks.box or location.face.box
        return RecroppedFace(box, (1.5, 2.5), 70, 80, 140, 1, -2, 99, 88, 0.5, "cd" * 32, b"png")

    def _ask(self, location: FaceLocation, marks: FaceMarks | None) -> None:
        if self.gone:
            raise SourceGoneError("gone", "bring it back")
        self.asked.append((location, marks))


@pytest.fixture
def source() -> FakeFrames:
    return FakeFrames()


@pytest.fixture
def filled(dataset: Dataset, record: Callable[..., Video], commit: Callable[..., Video]) -> Dataset:
    """A dataset with a real video of five faces and a forged one of three."""
    commit(dataset, record(faces=5))
    fake = Provenance(Label.FAKE, "Deepfakes", "Ann", "Bob")
    commit(dataset, record("fedcba9876543210", faces=3, provenance=fake))
    return dataset


@pytest.fixture
def session(filled: Dataset, source: FakeFrames) -> ReviewSession:
    """Its faces, in the order of the records."""
    return ReviewSession(filled, read_faces(filled), source)
