"""Small real videos, made on the spot, and a command line to run over them."""

import json
import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import av
import cv2
import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from deepfake_dataset.cli import run
from deepfake_dataset.commands import extract
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.engine.base import Outcome
from deepfake_dataset.errors import VideoError
from deepfake_dataset.records import (
    Box,
    Cause,
    Face,
    Label,
    Miss,
    MissReason,
    Provenance,
    Scene,
    Status,
    Stream,
    Video,
)
from deepfake_dataset.settings import ExtractSettings, Settings
from deepfake_dataset.storage.cache_folder import CACHE_VARIABLE
from deepfake_dataset.video.frame import Frame

hypothesis.settings.register_profile("no test depends on time", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=10)
hypothesis.settings.load_profile("no test depends on time")

Picture = NDArray[np.uint8]
MakeVideo = Callable[..., Path]
Commit = Callable[..., Video]
WriteFilm = Callable[..., Path]
FrameOf = Callable[..., Frame]

_CALM = {"mbtree": "0", "preset": "ultrafast", "crf": "20"}  # the same frames, the same bytes


def _write(
    path: Path,
    frames: Iterable[Picture],
    *,
    fps: int = 25,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    container: str | None = None,
    sample_aspect_ratio: Fraction = Fraction(1),
    rotation: int = 0,
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(path, "w", format=container) as file:
        stream: Any = None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts = number
            if stream is None:
                stream = file.add_stream(codec, rate=fps, options=_CALM if "264" in codec else {})
                stream.width, stream.height = picture.width, picture.height
                stream.pix_fmt = pixel_format
                stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
                stream.codec_context.thread_count = 1
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    if rotation:
        _turn(path, rotation)
    return path


def _turn(path: Path, rotation: int) -> None:
    """Ask players of an MP4 to turn the picture clockwise, by the matrix in its track header."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[rotation]
    matrix = (cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 44
    data[place : place + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)


def _noise(frames: int, width: int, height: int, seed: int) -> Iterator[Picture]:
    """Coarse coloured blocks that drift: something to encode, and no face."""
    blocks = np.random.default_rng(seed).integers(0, 255, (height // 16 + 2, width // 16 + 2, 3))
    wall = np.kron(blocks, np.ones((16, 16, 1))).astype(np.uint8)
    for number in range(frames):
        yield np.ascontiguousarray(wall[:height, number % 16 :][:, :width])


def _filmed(photo: Picture, frames: int) -> Iterator[Picture]:
    """A camera that moves over a photograph 512 pixels wide: first wide, then from elsewhere."""
    for number in range(frames):
        drift = number % (frames // 2)
        if number < frames // 2:
            yield np.ascontiguousarray(photo[drift : 288 + drift, :512])
        else:
            yield np.ascontiguousarray(photo[20 : 20 + 180, 80 + drift : 400 + drift])


def pytest_configure() -> None:
    """Heed Ctrl-C, which tests send: a shell's background command starts with it ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Tests, and the processes that they start, leave the user's cache folder alone."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder))
        yield folder


@pytest.fixture(scope="session")
def make_video() -> MakeVideo:
    """Write a video: ``frames`` are pictures, or how many of drifting blocks there should be."""

    def make(
        path: Path,
        frames: int | Iterable[Picture] = 5,
        *,
        width: int = 64,
        height: int = 48,
        seed: int = 0,
        **how: Any,
    ) -> Path:
        shown = _noise(frames, width, height, seed) if isinstance(frames, int) else frames
        return _write(path, shown, **how)

    return make


@pytest.fixture(scope="session")
def face_video(tmp_path_factory: pytest.TempPathFactory, make_video: MakeVideo) -> Path:
    """30 frames of 640 × 360 in two shots, each with one real face."""
    photo = data.astronaut()
    frames = [cv2.resize(frame, (640, 360)) for frame in _filmed(photo, 30)]
    return make_video(tmp_path_factory.mktemp("face") / "face.mp4", frames)


@pytest.fixture(scope="session")
def plain_video(tmp_path_factory: pytest.TempPathFactory, make_video: MakeVideo) -> Path:
    """A second of drifting blocks, without a face."""
    return make_video(tmp_path_factory.mktemp("plain") / "plain.mp4", 25, width=160, height=120)


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Do the work of worker processes in this one; gives the videos done, by path, in order."""
    done: list[str] = []

    def run_here(
        function: Callable[[Any], Any], items: Sequence[Any], **_: object
    ) -> Iterator[Outcome[Any, Any]]:
        for item in items:
            done.append(item.file.path)
            try:
                yield Outcome(item, function(item), None)
            except VideoError as fault:
                yield Outcome(item, None, fault)

    run_by(monkeypatch, extract, run_here)
    return done


def run_by(monkeypatch: pytest.MonkeyPatch, module: Any, run: Callable[..., Any]) -> None:
    """Let ``run`` stand for the engine that a module of ``commands`` makes."""
    monkeypatch.setattr(module, "make_engine", lambda **_: SimpleNamespace(run=run))


@pytest.fixture(scope="session")
def engine_by() -> Callable[..., None]:
    """As :func:`run_by`."""
    return run_by


@pytest.fixture(scope="session")
def record() -> Callable[..., Video]:
    """A record with faces and misses in two scenes; fields may be given by name."""

    def make(video_id: str = "0123456789abcdef", faces: int = 2, **fields: Any) -> Video:
        video = Video(
            video_id=video_id,
            path=f"real/{video_id}.mp4",
            size_bytes=1000,
            provenance=Provenance(Label.REAL, target="Ann"),
            settings_key=ExtractSettings().key,
            status=Status.OK,
            stream=Stream("mov", "h264", "yuv420p", 640, 360, 0, 25.0, 4.0, 2000, 100, 1, 2),
            scenes=(
                Scene(0, Cause.START, 0, 50, 0.0, 2.0, faces, faces),
                Scene(1, Cause.LIGHT, 50, 100, 2.0, 4.0, 1, 0),
            ),
            faces=tuple(_face(video_id, number) for number in range(faces)),
            misses=(Miss(1, 60, 2.4, MissReason.NO_FACE),),
        )
        return replace(video, **fields)

    return make


def _face(video_id: str, number: int) -> Face:
    return Face(
        face_id=f"{video_id}-{number:06d}-0",
        scene=0,
        track=0,
        frame=number,
        pts=512 * number,
        time_s=number / 25,
        frame_type="I",
        detector="hog",
        score=1.5,
        box=Box(10, 20, 110, 120.5),
        landmarks=(1.0, 2.0, 3.5, 4.0),
        center_x=60,
        center_y=70,
        native_px=150,
        roll_deg=-3,
        yaw_deg=8,
        sharpness=120,
        brightness=90,
        outside=0,
        sha256="ab" * 32,
    )


@pytest.fixture(scope="session")
def commit() -> Commit:
    """Commit a record with a crop for each of its faces; crops hold the words given."""

    def commit_to(dataset: Dataset, video: Video, words: str = "crop") -> Video:
        with dataset.staging() as staged:
            for face in video.faces:
                staged.write(f"{face.face_id}.png", f"{words} {face.face_id}".encode())
            dataset.commit(video, staged)
        return video

    return commit_to


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a disk of the size given, where this user may."""
    place = tmp_path / "disk"

    def mount(size: str) -> Path:
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            place.rmdir()
            pytest.skip("this user may not mount a disk")
        return place

    yield mount
    if place.exists():
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def ds(tmp_path: Path) -> Path:
    """Where the dataset of a test goes."""
    return tmp_path / "ds"


@pytest.fixture
def dataset(ds: Path) -> Dataset:
    """An empty dataset."""
    return Dataset.create(ds, Settings())


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Files below a folder with their bytes, but for what may be deleted."""

    def read(root: Path) -> dict[str, bytes]:
        files = (path for path in root.rglob("*") if path.is_file())
        names = {str(path.relative_to(root)): path for path in files}
        kept = {n: p for n, p in names.items() if not n.startswith((".cache", ".lock", "state/"))}
        return {name: path.read_bytes() for name, path in sorted(kept.items())}

    return read


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one line on stdout."""
        (line,) = self.out.splitlines()
        return json.loads(line)


@pytest.fixture
def dsbuild(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Run the command line; gives exit code, stdout and stderr."""

    def run_it(*arguments: object) -> Ran:
        capsysbinary.readouterr()
        code = run([str(argument) for argument in arguments])
        return Ran(code, *map(os.fsdecode, capsysbinary.readouterr()))

    return run_it


def _write_film(
    path: Path,
    pictures: Sequence[Picture],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    times_ms: Sequence[int] | None = None,
    rotation: int | None = None,
    sample_aspect: Fraction | None = None,
    container: str | None = None,
) -> Path:
    with av.open(path, "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        stream.codec_context.thread_count = 1
        stream.codec_context.time_base = Fraction(1, 1000)
        if sample_aspect is not None:
            stream.codec_context.sample_aspect_ratio = sample_aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = times_ms[number] if times_ms else 40 * number
            frame.time_base = Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def write_film() -> WriteFilm:
    """Encode RGB pictures; 25 a second unless times are given."""
    return _write_film


@pytest.fixture(scope="session")
def frame_of() -> FrameOf:
    """A frame from an RGB picture, without loss beyond rounding."""

    def make(picture: Picture, index: int = 0, time_s: float = 0.0) -> Frame:
        rgb = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        planes = rgb.reformat(format="yuv444p", dst_colorspace="ITU601", dst_color_range="JPEG")
        return Frame(index=index, pts=index, time_s=time_s, frame_type="I", picture=planes)

    return make


@pytest.fixture(scope="session")
def astronaut() -> Picture:
    """A photograph (512, 512, 3) in the public domain, of one person."""
    return np.asarray(data.astronaut(), dtype=np.uint8)


@pytest.fixture(scope="session")
def astronaut_face() -> Box:
    """Where her face is, from the eyebrows to the chin, measured by eye."""
    return Box(177, 78, 265, 166)


@pytest.fixture(scope="session")
def drifting(astronaut: Picture) -> list[Picture]:
    """Twelve pictures of 64 × 48 that move and differ: something to encode."""
    return [astronaut[100 + 2 * n : 148 + 2 * n, 180 : 180 + 64] for n in range(12)]


@pytest.fixture(scope="session")
def two_shots(astronaut: Picture) -> list[Picture]:
    """Sixty pictures of 480 × 270 from two camera angles, the same face in all of them."""
    wide = [cv2.resize(astronaut[n : 288 + n], (480, 270)) for n in range(30)]
    close = [
        cv2.resize(astronaut[20:200, 60 + n : 380 + n][:, ::-1], (480, 270)) for n in range(30)
    ]
    return [np.asarray(picture, dtype=np.uint8) for picture in (*wide, *close)]
