"""Reads some frames of a video again by their index, as pictures for people."""

from collections.abc import Collection
from pathlib import Path

from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Image

_MAX_PIXELS = 1_000_000_000  # The video was decoded before, under the settings' own limit.


def read_frames_rgb(path: Path, wanted: Collection[int]) -> dict[int, Image]:
    """Frames by index, as RGB of shape (h, w, 3); those that are not there are left out.

    Raises :class:`VideoError`.
    """
    stills: dict[int, Image] = {}
    if not wanted:
        return stills
    with Decoder(path, _MAX_PIXELS) as decoder:
        for frame in decoder.frames():
            if frame.index in wanted:
                stills[frame.index] = frame.rgb(frame.whole).pixels
            if frame.index >= max(wanted):
                break
    return stills
