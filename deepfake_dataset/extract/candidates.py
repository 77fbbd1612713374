"""Where a cut might be: scenedetect's adaptive detector at a sensitive setting.

The one module that knows scenedetect, whose interface is not stable yet.
"""

import cv2
import numpy as np
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from deepfake_dataset.extract.look import Look, Pixels

# Well below scenedetect's own defaults (3.0 and 15): what it names is verified later.
_RATIO = 2.0
_MIN_CONTENT = 3.0
_WINDOW = 2
# The detector counts in frames; any rate will do.
_NOMINAL_FPS = 25.0
# Full-range BT.601. For telling two frames apart any matrix would serve.
_TO_BGR = np.array([[1, 1.772, 0], [1, -0.344136, -0.714136], [1, 0, 1.402]], np.float32)
_OFFSET = -_TO_BGR[:, 1:].sum(axis=1, keepdims=True) * 128
_MATRIX = np.hstack([_TO_BGR, _OFFSET])


class Candidates:
    """Frames that differ from the one before them more than their neighbours do."""

    def __init__(self) -> None:
        self._detector = AdaptiveDetector(
            adaptive_threshold=_RATIO,
            min_scene_len=0,
            window_width=_WINDOW,
            min_content_val=_MIN_CONTENT,
        )

    def push(self, look: Look) -> list[int]:
        """Indices of frames at which a new shot might begin; two frames late."""
        found = self._detector.process_frame(FrameTimecode(look.index, _NOMINAL_FPS), _bgr(look))
        return [timecode.frame_num for timecode in found]


def _bgr(look: Look) -> Pixels:
    return np.asarray(cv2.transform(look.yuv, _MATRIX), dtype=np.uint8)
