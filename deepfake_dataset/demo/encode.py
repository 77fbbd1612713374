"""Frames to an H.264 video, the same bytes for the same frames."""

from collections.abc import Iterable
from pathlib import Path

import av

from deepfake_dataset.demo.photos import Image

REPEATABLE = {"mbtree": "0"}
"""x264's macroblock tree is left out: with it, bytes differ from run to run at some widths
(measured with x264 in PyAV 18.1: 12 encodings of the same 36 frames at 480 × 640 gave 2
files, 40 without the tree gave 1; 640 and 1280 wide were never affected)."""


def write(path: Path, frames: Iterable[Image], size: tuple[int, int], fps: int, crf: int) -> None:
    """Write an MP4 with x264 at a constant rate factor; ``size`` is (width, height), even.

    One thread: how x264 divides the work among several shows in the bytes.
    """
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast", **REPEATABLE}
        )
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
