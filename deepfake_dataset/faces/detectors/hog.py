"""dlib's frontal face detector: histograms of oriented gradients and five linear filters."""

import warnings
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.dlib_file_format import number_starts
from deepfake_dataset.faces.model_cache import parsed_model
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image

# dlib's own least score, 0, was set for RGB: the same faces score about 0.1 less on luma.
# Where nothing is sure, the best doubtful one is taken, so as many faces are found as in RGB,
# and on pictures without faces no false one more.
_DOUBTFUL = -0.15
# From this score on, the filter that saw a face before is believed alone, in half of the time.
# Nine boxes of ten are those that all filters give, most others a step of the pyramid off.
_PLAIN = 0.5
# Numbers that dlib writes of a detector before its filters: which one is the most sizes that it
# looks at, and how many there are. The last one is the count of filters.
_SIZES, _HEADER = 8, 19
_ALL_SIZES = bytes([2, 0xE8, 0x03])
"""A thousand, as dlib writes it: its detector's own most sizes."""
_LAYOUT = 1
"""Raised whenever other bytes are kept of the same dlib."""


class HogDetector:
    """The default: nearly free of false alarms, near-frontal faces, fast on a CPU.

    Luma instead of RGB costs a quarter less; what it scores lower is made up for below.
    """

    name = "hog"
    smallest_px = 73  # of the box; the window that the filters see is 80 wide
    step = 6 / 5
    sure = 0.0
    costly = True
    rough = False
    coloured = False

    def __init__(self) -> None:
        state = _bytes_of_dlib_s()
        self._whole = _detector_of(state)
        try:
            self._parts: _Parts | None = _Parts(state, self._whole.num_detectors)
        except ValueError as error:
            self._parts = None
            warnings.warn(
                f"this release of dlib has its face detector otherwise: {error};"
                " faces are found all the same, in up to five times the time",
                stacklevel=1,
            )

    def find(
        self, image: Image, *, sizes: int | None = None, view: int | None = None
    ) -> list[Detection]:
        """Faces in luma of shape (h, w). Views are the filters: front, left, right, two turned."""
        if self._parts and view is not None:
            found = _run(self._parts.detector(sizes, view), image)
            if plain := [replace(d, view=view) for d in found if d.view is not None]:
                return plain
        found = _run(self._parts.detector(sizes) if self._parts else self._whole, image)
        return [d for d in found if d.score >= self.sure] or found[:1]


def _run(detector: "dlib.fhog_object_detector", image: Image) -> list[Detection]:
    boxes, scores, filters = detector.run(image, 0, _DOUBTFUL)
    return [
        Detection(
            Box(box.left(), box.top(), box.right() + 1, box.bottom() + 1),
            score,
            view if score >= _PLAIN else None,
        )
        for box, score, view in zip(boxes, scores, filters, strict=True)
    ]


def _bytes_of_dlib_s() -> bytes:
    """Dlib's detector as bytes: it unpacks them in a quarter of a second, once is enough."""
    library = import_module(dlib.fhog_object_detector.__module__).__file__
    if library is None:  # built into the interpreter
        return _unpacked().tobytes()
    (state,) = parsed_model(Path(library), _LAYOUT, lambda _: [_unpacked()])
    return state.tobytes()


def _unpacked() -> NDArray[np.uint8]:
    (state,) = dlib.get_frontal_face_detector().__getstate__()
    return np.frombuffer(state, np.uint8)


def _detector_of(state: bytes) -> "dlib.fhog_object_detector":
    made = dlib.fhog_object_detector.__new__(dlib.fhog_object_detector)
    made.__setstate__((state,))
    return made


class _Parts:
    """What a detector of dlib's is made of, to make detectors of some of it, which cost less.

    dlib has no call for that, but for a detector's bytes: a header, and then its filters.
    """

    def __init__(self, state: bytes, filters: int) -> None:
        """Raises :class:`ValueError` where the bytes are not those of the releases known."""
        starts = np.flatnonzero(number_starts(np.frombuffer(state, np.uint8))[0]).tolist()
        each, rest = divmod(len(starts) - _HEADER, filters)
        edges = [*starts[_HEADER::each], len(state)]
        self._header = [state[begin:end] for begin, end in pairwise(starts[: _HEADER + 1])]
        self._filters = [state[begin:end] for begin, end in pairwise(edges)]
        if rest or self._header[_SIZES] != _ALL_SIZES:
            raise ValueError("its header has other numbers")
        if self._header[-1] != _number(filters):
            raise ValueError("its header does not end with the count of its filters")
        self._made: dict[tuple[int | None, int | None], dlib.fhog_object_detector] = {}

    def detector(self, sizes: int | None, view: int | None = None) -> "dlib.fhog_object_detector":
        """One that looks at so many sizes, or all, with one filter, or all."""
        if (sizes, view) not in self._made:
            self._made[sizes, view] = self._make(sizes, view)
        return self._made[sizes, view]

    def _make(self, sizes: int | None, view: int | None) -> "dlib.fhog_object_detector":
        header, filters = list(self._header), self._filters
        if sizes is not None:
            header[_SIZES] = _number(sizes)
        if view is not None:
            header[-1], filters = _number(1), [filters[view]]
        return _detector_of(b"".join([*header, *filters]))


def _number(small: int) -> bytes:
    """A number below 256 as dlib writes it: the count of its bytes, then these."""
    return bytes([1, small])
