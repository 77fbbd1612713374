"""Detects faces in a whole frame, or in a window around a known face.

A whole frame is searched by a detector that costs little. With one that costs more, windows
are searched where faces are proposed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deepfake_dataset.faces.detectors import Detection, Detector, make_detector
from deepfake_dataset.faces.proposals import SMALLEST_PX, FaceProposer, make_face_proposer
from deepfake_dataset.records import PIXEL_DIGITS, SCORE_DIGITS, Box
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.video.frame import Frame, Patch

# Faces of these shares of the picture's shorter side are looked for first, the largest first:
# each step down costs three times the one before, and most videos are about a large face.
_LARGER_SHARES = (0.2, 0.11)
# A window reaches this share of the face's width beyond its box on every side: heads move
# less between two samples, and proposals are closer. The cost grows with the square of it.
_REACH = 0.3
# A window shows faces of three sizes: as expected, a step of the pyramid smaller, and one larger.
# Between two samples heads hardly shrink or grow, and proposals are as close.
_STEPS, _SIZES = 1, 3
# Two detections that overlap more than this are of one face.
_SAME = 0.4


@dataclass(slots=True)
class FaceSearch:
    """Detects faces down to a smallest size with one detector."""

    detector: Detector
    min_face_px: float
    min_face_share: float
    every_face: bool
    """Whether small faces are wanted where large ones are."""
    proposer: FaceProposer | None = None
    """Says where the detector looks in a whole frame; everywhere if there is none."""
    _in_vain: bool = False
    _latest: tuple[Frame, list[Detection]] | None = None

    def find_in_frame(self, frame: Frame) -> list[Detection]:
        """Faces anywhere in the frame; small ones only if no large one is there.

        Asking for the same frame twice in a row costs nothing.
        """
        if self._latest is None or self._latest[0] is not frame:
            self._latest = frame, self._search_whole(frame)
        return self._latest[1]

    def _search_whole(self, frame: Frame) -> list[Detection]:
        """Where the last search found nothing for sure, small faces are looked for at once.

        That finds the larger ones too, and is the cheaper way if no large one is there.
        """
        sizes = self._sizes(frame)
        found = self._down_to(sizes[-1:] if self._in_vain else sizes, frame)
        self._in_vain = not self._sure(found)
        return found

    def _down_to(self, sizes: Sequence[float], frame: Frame) -> list[Detection]:
        """Look for faces down to one size after the other until one is surely there."""
        doubtful: list[Detection] = []
        for size in sizes:
            found = self._anywhere(frame, size)
            if self._sure(found):
                return found
            doubtful = doubtful or found
        return doubtful

    def _anywhere(self, frame: Frame, smallest: float) -> list[Detection]:
        """Faces of at least a size."""
        if self.proposer is None:
            return self._in(self._patch(frame, frame.whole, smallest))
        patch = frame.luma(frame.whole, SMALLEST_PX / smallest)
        found: list[Detection] = []
        for place in map(patch.to_frame, self.proposer.propose(patch.pixels)):
            if not _is_among(place, self._sure(found)):
                found += self._around(frame, place)
        apart = _apart(found)
        return self._sure(apart) or apart[:1]

    def _sure(self, found: Sequence[Detection]) -> list[Detection]:
        return [d for d in found if d.score >= self.detector.sure]

    def _sizes(self, frame: Frame) -> list[float]:
        """Smallest faces to look for, one search after the other."""
        smallest, side = self._smallest(frame), min(frame.width, frame.height)
        if self.every_face:
            return [smallest]
        larger = {self._on_pyramid(smallest, share * side) for share in _LARGER_SHARES}
        return sorted({smallest, *larger}, reverse=True)

    def find_around(self, frame: Frame, known: Detection) -> list[Detection]:
        """Faces around a known one, down to one pyramid step smaller than it.

        Sizes searched are steps of one pyramid for the whole frame. Steps counted from the
        known box instead would let the size drift from sample to sample.
        """
        return self._around(frame, known.box, known.view)

    def _around(self, frame: Frame, place: Box, view: int | None = None) -> list[Detection]:
        size = self._on_pyramid(self._smallest(frame), place.width / self.detector.step**_STEPS)
        patch = self._patch(frame, grow(place, _REACH), size)
        return self._in(patch, sizes=_SIZES, view=view)

    def _on_pyramid(self, smallest: float, size: float) -> float:
        """The step of the pyramid above ``smallest`` that is nearest to a size."""
        steps = max(0, round(math.log(size / smallest, self.detector.step)))
        return round(smallest * self.detector.step**steps, PIXEL_DIGITS)

    def _smallest(self, frame: Frame) -> float:
        return max(self.min_face_px, self.min_face_share * min(frame.width, frame.height))

    def _patch(self, frame: Frame, window: Box, smallest: float) -> Patch:
        scale = self.detector.smallest_px / smallest
        return (frame.rgb if self.detector.coloured else frame.luma)(window, scale)

    def _in(
        self, patch: Patch, *, sizes: int | None = None, view: int | None = None
    ) -> list[Detection]:
        return [
            replace(
                found,
                box=patch.to_frame(found.box).rounded(),
                score=round(found.score, SCORE_DIGITS),
            )
            for found in self.detector.find(patch.pixels, sizes=sizes, view=view)
        ]


def _is_among(box: Box, found: Sequence[Detection]) -> bool:
    return any(d.box.overlap(box) >= _SAME for d in found)


def _apart(found: Sequence[Detection]) -> list[Detection]:
    """The surest of detections that overlap, surest first."""
    apart: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if not _is_among(detection.box, apart):
            apart.append(detection)
    return apart


def make_face_search(settings: ExtractSettings) -> FaceSearch:
    """The search that settings ask for, its models loaded."""
    detector = make_detector(settings.detector)
    return FaceSearch(
        detector=detector,
        min_face_px=settings.min_face_px,
        min_face_share=settings.min_face_share,
        every_face=settings.faces == "all",
        proposer=make_face_proposer() if detector.costly else None,
    )


def grow(box: Box, share: float) -> Box:
    """The box, larger by a share of its width on every side."""
    by = box.width * share
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)
