"""Films written with PyAV on the spot, frames made of photographs, and a known face."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from deepfake_dataset.extract.frame import Frame
from deepfake_dataset.records import Box

Picture = NDArray[np.uint8]
WriteFilm = Callable[..., Path]
FrameOf = Callable[..., Frame]


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
