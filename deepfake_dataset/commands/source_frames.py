"""Frames and crops from the sources of a dataset, for a person who fixes a face in review."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import SourceGoneError
from deepfake_dataset.review.fixed_crops import FaceLocation, FaceMarks, RecroppedFace
from deepfake_dataset.sources.locate import find_source

if TYPE_CHECKING:
    from deepfake_dataset.video.frame import Frame

_FRAMES_KEPT = 8
"""Decoded frames: 3 MB each at 1080p; a person drags landmarks over one, and looks back."""


@dataclass(frozen=True, slots=True)
class DatasetSourceFrames:
    """As :class:`deepfake_dataset.review.fixed_crops.SourceFrames` says. Safe between threads."""

    _dataset: Dataset
    _frames: "OrderedDict[tuple[str, int], Frame]" = field(default_factory=OrderedDict)
    _sources: dict[str, Path] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def frame_jpeg(self, location: FaceLocation) -> bytes:
        """As :class:`deepfake_dataset.review.fixed_crops.SourceFrames` says."""
        from deepfake_dataset.faces.recrop import encode_jpeg

        return encode_jpeg(self._frame(location))

    def recrop(self, location: FaceLocation, marks: FaceMarks) -> RecroppedFace:
        """As :class:`deepfake_dataset.review.fixed_crops.SourceFrames` says."""
        from deepfake_dataset.faces.recrop import recrop_face

        settings = self._dataset.settings.extract
        frame = self._frame(location)
        made = recrop_face(frame, location.face, settings, box=marks.box, landmarks=marks.landmarks)
        names = [name for name in RecroppedFace.__dataclass_fields__ if name != "png"]
        return RecroppedFace(**{name: getattr(made.face, name) for name in names}, png=made.png)

    def _frame(self, location: FaceLocation) -> "Frame":
        from deepfake_dataset.faces.recrop import read_source_frame

        key = location.video_id, location.face.frame
        with self._lock:
            if key not in self._frames:
                source = self._locate(location.video_id)
                self._frames[key] = read_source_frame(
                    source, location.face, self._dataset.settings.extract
                )
                if len(self._frames) > _FRAMES_KEPT:
                    self._frames.popitem(last=False)
            self._frames.move_to_end(key)
            return self._frames[key]

    def _locate(self, video_id: str) -> Path:
        known = self._sources.get(video_id)
        if known is None or not known.is_file():
            known = find_source(self._dataset, video_id)
            if known is None:
                raise SourceGoneError(
                    f"the video {video_id} is not where it was found",
                    "faces can still be kept or rejected; to see frames and to fix faces bring the"
                    " file back and run dsbuild extract over it",
                )
            self._sources[video_id] = known
        return known
