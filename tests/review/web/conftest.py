"""A small dataset with pictures, open for review; its frames are painted, not decoded."""

import hashlib
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import httpx
import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import NoFaceThereError, SourceGoneError
from deepfake_dataset.records import Box, Face, Label, Provenance, Video
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.review.reasons import BUILT_IN
from deepfake_dataset.review.session import ReviewSession
from deepfake_dataset.review.web.server import make_server
from deepfake_dataset.settings import Settings

TOKEN = "a-secret"
WIDTH, HEIGHT = 640, 360
MARKUP = "<img src=x onerror=alert(1)>"
REAL_ID, FAKE_ID = "00000000000000aa", "00000000000000bb"


class PaintedFrames:
    """Frames and crops in plain colours; the sources of one video can be taken away."""

    def __init__(self) -> None:
        self.gone: set[str] = set()

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        if location.video_id in self.gone:
            raise SourceGoneError("the video is not where it was", "bring it back")
        return _encoded(".jpg", np.full((HEIGHT, WIDTH, 3), (location.face.frame % 200) + 40))

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        self.frame_jpeg(location)
        moved = marks.box.left if marks.box else marks.landmarks[0]
        if moved < 0:
            raise NoFaceThereError("no face there", "move the box over the face")
        png = _encoded(".png", np.full((256, 256, 3), int(moved) % 256))
        face = location.face
        return RecroppedFace(
            box=marks.box or face.box,
            landmarks=marks.landmarks or tuple(v + moved - face.box.left for v in face.landmarks),
            center_x=moved + 60,
            center_y=face.center_y,
            native_px=face.native_px,
            roll_deg=0.0,
            yaw_deg=0.0,
            sharpness=1.0,
            brightness=1.0,
            outside=0.0,
            sha256=hashlib.sha256(png).hexdigest(),
            png=png,
        )


def _encoded(kind: str, picture: Any) -> bytes:
    return cv2.imencode(kind, np.asarray(picture, np.uint8))[1].tobytes()


def commit_faces(dataset: Dataset, video: Video) -> None:
    """A record whose crops are pictures, each of another grey."""
    crops = [_encoded(".png", np.full((256, 256, 3), 3 * face.frame % 256)) for face in video.faces]
    faces = tuple(map(_placed, video.faces, crops))
    with dataset.staging() as staged:
        for face, crop in zip(faces, crops, strict=True):
            staged.write(f"{face.face_id}.png", crop)
        dataset.commit(replace(video, faces=faces), staged)


def _placed(face: Face, crop: bytes) -> Face:
    points = 100 + np.array([[10 + 8 * (i % 9), 20 + 9 * (i // 9)] for i in range(68)])
    return replace(
        face,
        track=face.frame // 20,
        box=Box(100, 100, 200, 200),
        landmarks=tuple(float(v) for v in points.ravel()),
        center_x=150.0,
        center_y=150.0,
        native_px=160.0,
        sha256=hashlib.sha256(crop).hexdigest(),
    )


def ranked(faces: pa.Table) -> pa.Table:
    """Worst first, with suspicions and reasons made up by position."""
    worst = np.linspace(1, 0, faces.num_rows)
    names = [reason.name for reason in BUILT_IN]
    reasons = [[names[i % len(names)]] if i % 3 else [] for i in range(faces.num_rows)]
    faces = faces.append_column("suspicion", pa.array(worst))
    return faces.append_column("reasons", pa.array(reasons, pa.list_(pa.string())))


@pytest.fixture
def source() -> PaintedFrames:
    return PaintedFrames()


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory, record: Callable[..., Video]) -> Path:
    """An original and its forgery, 60 faces each in three tracks; a name is markup."""
    dataset = Dataset.create(tmp_path_factory.mktemp("pictured") / "ds", Settings())
    real = Provenance(Label.REAL, target=MARKUP)
    fake = Provenance(Label.FAKE, "Swap", target=MARKUP, donor="Bob")
    for video_id, name, whose in [(REAL_ID, "ann", real), (FAKE_ID, "ann-bob", fake)]:
        path = f"{MARKUP}/{name}.mp4"
        commit_faces(dataset, record(video_id, faces=60, provenance=whose, path=path))
    return dataset.root


@pytest.fixture
def reviewed(pictured: Path, tmp_path: Path) -> Dataset:
    """A copy of it."""
    return Dataset.open(shutil.copytree(pictured, tmp_path / "ds"))


@pytest.fixture
def session(reviewed: Dataset, source: PaintedFrames) -> ReviewSession:
    return ReviewSession(reviewed, ranked(read_faces(reviewed)), source)


@contextmanager
def serving(session: ReviewSession) -> Iterator[str]:
    """Serve in a thread; gives the address without the token."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = make_server(session, token=TOKEN, reviewer="ann")
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def address(session: ReviewSession) -> Iterator[str]:
    with serving(session) as at:
        yield at


@pytest.fixture
def page(address: str) -> Iterator[httpx.Client]:
    """A browser that has opened the page."""
    with httpx.Client(base_url=address) as client:
        client.get("/", params={"token": TOKEN}).raise_for_status()
        yield client
