"""Whether searching where faces are proposed finds what searching whole frames finds.

    python benchmarks/proposals.py [VIDEOS…]

A frame every two seconds, as it is and shrunk until its largest face is 45 and 60 pixels wide;
each also dark, noisy, blurred, compressed, turned, in haze, over-exposed, against the light.
Prints for each change how many of the faces that dlib's detector finds in the whole picture
are found (overlap of half) in windows around proposals, and how many in the whole picture
moved by three pixels: no search repeats itself better. And the CPU time of both.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from extract import clips
from numpy.typing import NDArray

from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import Detection, make_detector
from deepfake_dataset.faces.proposals import make_face_proposer
from deepfake_dataset.records import Box
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Frame

Luma = NDArray[np.uint8]

EVERY_S = 2.0
WIDTHS = (45, 60)
FOUND = 0.5
MOVED = 3


@dataclass
class Tally:
    """Of one change of pictures."""

    pictures: int = 0
    faces: int = 0
    found: int = 0
    again: int = 0
    """Found in the whole picture, moved."""
    more: int = 0
    """Found around proposals only."""
    whole_s: float = 0.0
    proposed_s: float = 0.0

    def __str__(self) -> str:
        shares = [count / max(1, self.faces) for count in (self.found, self.again)]
        counts = f"{self.pictures:8} {self.faces:6} {shares[0]:9.3f} {shares[1]:6.3f} {self.more:5}"
        whole_ms, proposed_ms = (s / self.pictures * 1e3 for s in (self.whole_s, self.proposed_s))
        return f"{counts} {whole_ms:8.1f} {proposed_ms:8.1f}"


def _levels(gain: float, offset: float) -> Callable[[Luma], Luma]:
    return lambda luma: np.clip(luma * gain + offset, 0, 255).astype(np.uint8)


def _turned(degrees: float) -> Callable[[Luma], Luma]:
    def turn(luma: Luma) -> Luma:
        height, width = luma.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return np.asarray(cv2.warpAffine(luma, matrix, (width, height)), np.uint8)

    return turn


def _dark(luma: Luma) -> Luma:
    return np.asarray(255 * (luma / 255.0) ** 2.2 * 0.6, np.uint8)


def _noisy(luma: Luma) -> Luma:
    noise = np.random.default_rng(0).normal(0, 12, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


def _compressed(luma: Luma) -> Luma:
    _, jpeg = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 15])
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)


def _half_dark(luma: Luma) -> Luma:
    left = np.arange(luma.shape[1]) < luma.shape[1] / 2
    return np.where(left, luma * 0.12 + 20, luma).astype(np.uint8)


CHANGES: dict[str, Callable[[Luma], Luma]] = {
    "as it is": lambda luma: luma,
    "dark": _dark,
    "noisy": _noisy,
    "blurred": lambda luma: np.asarray(cv2.GaussianBlur(luma, (0, 0), 1.5), np.uint8),
    "compressed": _compressed,
    "turned by 20°": _turned(20),
    "turned by -30°": _turned(-30),
    "in haze": _levels(0.25, 90),
    "over-exposed": _levels(1.2, 60),
    "against the light": _levels(0.15, 10),
    "half in the dark": _half_dark,
}


def frame_of(luma: Luma) -> Frame:
    """A grey frame."""
    height, width = (side // 2 * 2 for side in luma.shape)
    grey = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma[:height, :width]), format="gray8")
    return Frame(0, 0, 0.0, "?", grey.reformat(format="yuvj420p"))


def pictures(path: Path, search: FaceSearch) -> Iterator[Luma]:
    """Frames of a video, and what they are with smaller faces."""
    following_s = 0.0
    with Decoder(path, 40_000_000) as decoder:
        for frame in decoder.frames():
            if frame.time_s < following_s:
                continue
            following_s = frame.time_s + EVERY_S
            luma = frame.luma(frame.whole).pixels
            yield luma
            widest = max((d.box.width for d in search.find_in_frame(frame)), default=150.0)
            for width in WIDTHS:
                if width < widest and min(luma.shape) * width / widest >= 2 * width:
                    scale = width / widest
                    yield np.asarray(
                        cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                    )


def timed(search: FaceSearch, frame: Frame) -> tuple[list[Detection], float]:
    began = time.process_time()
    return search.find_in_frame(frame), time.process_time() - began


def compare(tally: Tally, frame: Frame, whole: FaceSearch, proposed: FaceSearch) -> None:
    tally.pictures += 1
    expected, seconds = timed(whole, frame)
    tally.whole_s += seconds
    given, seconds = timed(proposed, frame)
    tally.proposed_s += seconds
    moved = whole.whole(frame_of(frame.luma(frame.whole).pixels[MOVED:, MOVED:]))
    back = [Box(*(side + MOVED for side in astuple(d.box))) for d in moved]
    tally.faces += len(expected)
    tally.found += sum(is_among(e.box, [d.box for d in given]) for e in expected)
    tally.again += sum(is_among(e.box, back) for e in expected)
    tally.more += sum(not is_among(d.box, [e.box for e in expected]) for d in given)


def is_among(box: Box, others: Sequence[Box]) -> bool:
    return any(box.overlap(other) >= FOUND for other in others)


def main() -> None:
    cv2.setNumThreads(1)
    settings, hog = ExtractSettings(), make_detector("hog")
    sizes = settings.min_face_px, settings.min_face_share
    tallies = {name: Tally() for name in CHANGES}
    for path in clips([Path(name) for name in sys.argv[1:]]):
        for luma in pictures(path, FaceSearch(hog, *sizes, False)):
            for name, change in CHANGES.items():
                whole = FaceSearch(hog, *sizes, True)
                proposed = FaceSearch(hog, *sizes, True, make_face_proposer())
                compare(tallies[name], frame_of(change(luma)), whole, proposed)
    columns = "pictures  faces  proposed  moved  more whole ms   windows"
    print(f"{'':18} {columns}")
    for name, tally in tallies.items():
        print(f"{name:18} {tally}")


if __name__ == "__main__":
    main()
