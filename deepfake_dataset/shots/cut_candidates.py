"""Cut candidates: scenedetect's adaptive detector at a sensitive setting.

The one module that knows scenedetect, whose interface is not stable yet.
"""

import cv2
import numpy as np
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from deepfake_dataset.shots.thumbnail import Pixels, Thumbnail

# Well below scenedetect's own defaults (3.0 and 15): what it names is verified later.
_RATIO = 2.0
_MIN_CONTENT = 3.0
_WINDOW = 2
# The detector counts in frames; any rate will do.
_CLOCK = FrameTimecode(0, 25.0)
# Full-range BT.601. For telling two frames apart any matrix would serve.
_TO_BGR = np.array([[1, 1.772, 0], [1, -0.344136, -0.714136], [1, 0, 1.402]], np.float32)
_OFFSET = -_TO_BGR[:, 1:].sum(axis=1, keepdims=True) * 128
_MATRIX = np.hstack([_TO_BGR, _OFFSET])


class CutCandidates:
    """Frames that differ from the one before them more than their neighbours do."""

    def __init__(self) -> None:
        self._detector = _Detector(
            adaptive_threshold=_RATIO,
            min_scene_len=0,
            window_width=_WINDOW,
            min_content_val=_MIN_CONTENT,
        )

    def push(self, thumbnail: Thumbnail) -> list[int]:
        """Indices of frames at which a new shot might begin; two frames late."""
        found = self._detector.process_frame(
            FrameTimecode(thumbnail.index, _CLOCK), _bgr(thumbnail)
        )
        return [timecode.frame_num for timecode in found]


class _Detector(AdaptiveDetector):  # type: ignore[misc]
    """scenedetect's, its measure of change worked out in OpenCV: the same in a third of the time.

    Should a release of scenedetect not ask for this any more, its own takes over.
    """

    _hsv: Pixels | None = None

    def _calculate_frame_score(self, _: FrameTimecode, bgr: Pixels) -> float:
        """Mean change of hue, saturation and value since the frame before."""
        before, self._hsv = self._hsv, np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV), np.uint8)
        if before is None:
            return 0.0
        return float(sum(cv2.sumElems(cv2.absdiff(self._hsv, before)))) / self._hsv.size


def _bgr(thumbnail: Thumbnail) -> Pixels:
    return np.asarray(cv2.transform(thumbnail.yuv, _MATRIX), dtype=np.uint8)
