"""Where to look for faces: over the whole frame, or in a window around a known one."""

from dataclasses import dataclass

from deepfake_dataset.extract.detectors import Detection, Detector
from deepfake_dataset.extract.frame import Frame, Patch
from deepfake_dataset.records import Box

# A window reaches this share of the face's width beyond its box on every side: heads move
# less between two samples, and the search's cost grows with the square of it.
_REACH = 0.4
# Faces of a tenth of the picture's shorter side and more are what most videos are about.
# Looking for them alone costs a quarter of looking for those half as large.
_LARGE_SHARE = 0.12


@dataclass(slots=True)
class Search:
    """Finds faces down to a smallest size with one detector."""

    detector: Detector
    min_face_px: float
    min_face_share: float
    every_face: bool
    """Whether small faces are wanted where large ones are."""
    _latest: tuple[Frame, list[Detection]] | None = None

    def whole(self, frame: Frame) -> list[Detection]:
        """Faces anywhere in the frame; small ones only if no large one is there.

        Asking for the same frame twice in a row costs nothing.
        """
        if self._latest is None or self._latest[0] is not frame:
            self._latest = frame, self._search_whole(frame)
        return self._latest[1]

    def _search_whole(self, frame: Frame) -> list[Detection]:
        short_side = min(frame.width, frame.height)
        smallest = max(self.min_face_px, self.min_face_share * short_side)
        sizes = {smallest, max(smallest, _LARGE_SHARE * short_side)}
        for size in sorted({smallest} if self.every_face else sizes, reverse=True):
            if found := self._in(self._patch(frame, frame.whole, size)):
                return found
        return []

    def near(self, frame: Frame, known: Box) -> list[Detection]:
        """Faces around a known one, down to one pyramid step smaller than it.

        Sizes searched are the steps of the whole frame's search, so the boxes are the same.
        """
        return self._in(self._patch(frame, grow(known, _REACH), known.width / self.detector.step))

    def _patch(self, frame: Frame, window: Box, smallest: float) -> Patch:
        scale = self.detector.smallest_px / smallest
        return (frame.rgb if self.detector.coloured else frame.luma)(window, scale)

    def _in(self, patch: Patch) -> list[Detection]:
        return [
            Detection(patch.to_frame(found.box), found.score)
            for found in self.detector.find(patch.pixels)
        ]


def grow(box: Box, share: float) -> Box:
    """The box, larger by a share of its width on every side."""
    by = box.width * share
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)
