"""What finds faces in a picture: one small class a detector, one a file, made by name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from deepfake_dataset.plugins import DETECTORS, load_plugin
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image


@dataclass(frozen=True, slots=True)
class Detection:
    """A face found."""

    box: Box
    """In the geometry of dlib's boxes: from the eyebrows to the chin, square."""
    score: float
    """Higher is surer; scales differ by detector."""
    view: int | None = None
    """Which of the detector's views of a face plainly saw it, where it has several."""


class Detector(Protocol):
    """Finds faces in a picture. A new one must pass ``tests/faces/test_detectors.py``."""

    name: str
    smallest_px: int
    """Width of the smallest box found; callers scale their pictures to it."""
    step: float
    """From one size searched to the next larger one."""
    sure: float
    """Score from which on a detection is one; below it a search goes on for a better one."""
    costly: bool
    """Whether it costs more than proposing places to look at."""
    rough: bool
    """Whether its boxes may lie a tenth of their width off: landmarks are found twice then."""
    coloured: bool
    """Whether ``find`` takes RGB of shape (h, w, 3), or luma of shape (h, w)."""

    def find(
        self, image: Image, *, sizes: int | None = None, view: int | None = None
    ) -> list[Detection]:
        """Faces of at least ``smallest_px``, in the image's pixels, surest first.

        Faces of more than so many ``sizes``, a step apart, need not be found. Where one was seen
        in a ``view`` a moment before, that may be asked first, and alone if it is plain.
        """
        ...


@cache
def make_detector(name: str) -> Detector:
    """The detector of that name, its model loaded: once a process, as that can take a second.

    Raises :class:`PluginError` for one of another package that cannot be loaded.
    """
    if name in _MAKERS:
        return _MAKERS[name]()
    detector: Detector = load_plugin(DETECTORS, name)()
    return detector


def _hog() -> Detector:
    from deepfake_dataset.faces.detectors.hog import HogDetector

    return HogDetector()


def _cnn() -> Detector:
    from deepfake_dataset.faces.detectors.cnn import CnnDetector

    return CnnDetector()


def _haar() -> Detector:
    from deepfake_dataset.faces.detectors.haar import HaarDetector

    return HaarDetector()


_MAKERS: dict[str, Callable[[], Detector]] = {"hog": _hog, "cnn": _cnn, "haar": _haar}
"""Imported only when asked for: each brings its own library or model."""
