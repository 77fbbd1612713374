"""dlib's max-margin CNN detector (King 2015): turned faces too, at a hundred times the cost."""

import dlib

from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.model_files import model_file
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Image

# The network's first convolutions refuse smaller pictures; no face fits into them either.
_LEAST_PX = 20


class CnnDetector:
    """For faces that look aside, where time is no matter or a GPU build of dlib is there."""

    name = "cnn"
    smallest_px = 80
    step = 6 / 5
    sure = 0.0
    costly = True
    rough = True  # they come in steps of eight pixels
    coloured = True

    def __init__(self) -> None:
        self._detector = dlib.cnn_face_detection_model_v1(
            str(model_file("mmod_human_face_detector.dat"))
        )

    def find(self, image: Image, **_hints: int | None) -> list[Detection]:
        """Faces of all sizes in RGB of shape (h, w, 3); there is one view of them."""
        if min(image.shape[:2]) < _LEAST_PX:
            return []
        found = [
            Detection(
                Box(d.rect.left(), d.rect.top(), d.rect.right() + 1, d.rect.bottom() + 1),
                d.confidence,
            )
            for d in self._detector(image, 0)
        ]
        return sorted(found, key=lambda d: -d.score)
