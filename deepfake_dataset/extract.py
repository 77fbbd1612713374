"""Extracts the faces of one video: one pass over its frames, one scene in memory at a time."""

from collections.abc import Sequence
from pathlib import Path

import cv2

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.layout import crop_name
from deepfake_dataset.errors import (
    ChangedError,
    NoFramesError,
    TooShortError,
    TooSmallError,
    VideoError,
)
from deepfake_dataset.faces.crop import crop_if_face
from deepfake_dataset.faces.detection_windows import make_face_search
from deepfake_dataset.faces.detectors import Detection, make_detector
from deepfake_dataset.faces.landmark_repair import repair_landmarks
from deepfake_dataset.faces.landmarks import load_landmark_model
from deepfake_dataset.faces.proposals import make_face_proposer
from deepfake_dataset.faces.scene_faces import find_scene_faces
from deepfake_dataset.records import (
    Box,
    Cause,
    Face,
    Miss,
    MissReason,
    Scene,
    Status,
    Stream,
    Video,
    VideoFile,
)
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.shots.frame_buffer import FrameBuffer, max_frames_held
from deepfake_dataset.shots.scene_detector import Boundary, SceneDetector
from deepfake_dataset.shots.thumbnail_stride import MAX_STRIDE_S, with_thumbnails
from deepfake_dataset.storage.base import Spool
from deepfake_dataset.video.decode import Decoder
from deepfake_dataset.video.frame import Frame
from deepfake_dataset.video.frame_skipping import FrameNeeds


def extract_video(file: VideoFile, dataset: Dataset) -> Video:
    """Decode a video, commit its faces and its record, and give the record.

    A video that cannot be used is committed as well, with the reason.
    Raises :class:`ChangedError`, and commits nothing, where the file was written to meanwhile.
    """
    cv2.setNumThreads(1)
    settings = dataset.settings.extract
    with dataset.staging() as staged:
        try:
            video = _Extraction(file, settings, staged).run()
        except VideoError as error:
            video = fault_record(file, settings, error)
        _refuse_if_changed(file)
        dataset.commit(video, staged)
    return video


def _refuse_if_changed(file: VideoFile) -> None:
    """What was decoded must be the bytes that the video's id was made of."""
    try:
        status = Path(file.location).stat()
    except OSError:  # moved away by now: what was decoded is what was there
        return
    if file.modified_ns and (status.st_size, status.st_mtime_ns) != (
        file.size_bytes,
        file.modified_ns,
    ):
        raise ChangedError("the file was written to while it was read")


def load_models() -> None:
    """Read the models now rather than at the first frame; workers share their pages then."""
    load_landmark_model(68)
    make_detector("hog")
    make_face_proposer()


def fault_record(file: VideoFile, settings: ExtractSettings, error: VideoError) -> Video:
    """The record of a video that gave no faces because of an error."""
    return Video(
        video_id=file.video_id,
        path=file.path,
        size_bytes=file.size_bytes,
        provenance=file.provenance,
        settings_key=settings.key,
        status=Status.REFUSED if error.refused else Status.FAILED,
        error=error.code,
        message=str(error),
    )


class _Extraction:
    """The pass over one video."""

    def __init__(self, file: VideoFile, settings: ExtractSettings, staged: Spool) -> None:
        self._file = file
        self._settings = settings
        self._staged = staged
        self._scenes: list[Scene] = []
        self._faces: list[Face] = []
        self._misses: list[Miss] = []
        self._tracks = 0
        self._detector = SceneDetector(settings.min_scene_s)
        self._buffer = FrameBuffer(settings.faces_per_scene)
        self._start = Boundary(0, 0.0, Cause.START)
        self._search = make_face_search(settings)

    def run(self) -> Video:
        """Read the whole file once.

        Raises :class:`VideoError`.
        """
        most_pixels = round(self._settings.max_frame_megapixels * 1e6)
        path, need = Path(self._file.location), frame_needs(self._settings)
        with Decoder(path, most_pixels, need) as decoder:
            last = self._read(decoder)
            stream = self._stream(decoder, last)
        self._refuse_if_short(stream)
        return Video(
            video_id=self._file.video_id,
            path=self._file.path,
            size_bytes=self._file.size_bytes,
            provenance=self._file.provenance,
            settings_key=self._settings.key,
            status=Status.OK,
            stream=stream,
            scenes=tuple(self._scenes),
            faces=tuple(self._faces),
            misses=tuple(self._misses),
        )

    def _read(self, decoder: Decoder) -> Frame:
        """Show every frame to the scene detector and the buffer; give the last one."""
        last: Frame | None = None
        for frame, shrunk in with_thumbnails(decoder.frames()):
            if last is None:
                self._check_first_frame(frame)
            elif (frame.width, frame.height) != (last.width, last.height):
                # Places in the old picture mean nothing in the new one.
                self._begin_scene(Boundary(frame.index, frame.time_s, Cause.ANGLE))
            self._buffer.add(frame)
            for boundary in self._detector.push(shrunk) if shrunk else ():
                self._begin_scene(boundary)
            last = frame
        if last is None:
            decoder.raise_if_encrypted()
            raise NoFramesError(_why_no_frames(decoder))
        for boundary in self._detector.finish():
            self._begin_scene(boundary)
        self._end_scene(decoder.tally.frames, decoder.end_s)
        return last

    def _check_first_frame(self, frame: Frame) -> None:
        least = self._settings.min_width, self._settings.min_height
        if frame.width < least[0] or frame.height < least[1]:
            raise TooSmallError(
                f"{frame.width}×{frame.height} pixels, less than {least[0]}×{least[1]}"
            )
        self._start = Boundary(frame.index, frame.time_s, Cause.START)
        self._watch_face(frame)

    def _begin_scene(self, boundary: Boundary) -> None:
        """Part with the scene that has ended; what is held of the next one stays."""
        if boundary.frame <= self._start.frame:
            return
        following = self._buffer.split(boundary.frame, boundary.blend)
        self._end_scene(boundary.frame, boundary.time_s)
        self._buffer, self._start = following, boundary
        if following.frames:
            self._watch_face(following.frames[0])

    def _watch_face(self, frame: Frame) -> None:
        """Tell the scene detector where the face is: light is judged there.

        The search is not lost: the scene's first frame is always among its samples.
        """
        self._detector.watch(largest_face_region(self._search.find_in_frame(frame), frame))

    def _end_scene(self, end_frame: int, end_s: float) -> None:
        """Find the faces of the scene that has ended, and write them."""
        scene, faces, misses = len(self._scenes), len(self._faces), len(self._misses)
        self._extract_faces(scene, self._buffer.frames)
        hits = len({face.frame for face in self._faces[faces:]})
        self._scenes.append(
            Scene(
                scene=scene,
                cause=self._start.cause,
                start_frame=self._start.frame,
                end_frame=end_frame,
                start_s=self._start.time_s,
                end_s=end_s,
                sampled=hits + len(self._misses) - misses,
                faces=len(self._faces) - faces,
            )
        )

    def _extract_faces(self, scene: int, held: Sequence[Frame]) -> None:
        found = find_scene_faces(held, self._settings.faces_per_scene, self._search)
        missed = list(found.misses)
        number: dict[int, int] = {}
        count, rough = self._settings.landmarks, self._search.detector.rough
        landmarks = repair_landmarks(found.faces, count, rough=rough)
        for sampled, points in zip(found.faces, landmarks, strict=True):
            index = sampled.frame.index
            name = f"{self._file.video_id}-{index:06d}-{number.get(index, 0)}"
            track = self._tracks + sampled.track
            face_crop = crop_if_face(
                sampled, points, self._settings, name=name, scene=scene, track=track
            )
            if face_crop is None:
                missed.append((sampled.frame, MissReason.IMPLAUSIBLE))
                continue
            number[index] = number.get(index, 0) + 1
            self._faces.append(face_crop.face)
            self._staged.write(crop_name(name), face_crop.png)
        self._tracks += found.tracks
        self._misses += [
            Miss(scene, frame.index, frame.time_s, reason)
            for frame, reason in sorted(missed, key=lambda miss: miss[0].index)
            if frame.index not in number
        ]

    def _stream(self, decoder: Decoder, last: Frame) -> Stream:
        tally = decoder.tally
        return Stream(
            container=decoder.container_name,
            codec=decoder.codec_name,
            pixel_format=decoder.pixel_format,
            width=last.width,
            height=last.height,
            rotation=last.turns * 90,
            fps=decoder.fps,
            duration_s=decoder.end_s,
            bit_rate=round(self._file.size_bytes * 8 / decoder.end_s),
            frames=tally.frames,
            frames_corrupt=tally.frames_corrupt,
            packets_damaged=tally.packets_damaged,
        )

    def _refuse_if_short(self, stream: Stream) -> None:
        least = self._settings.min_duration_s
        if stream.duration_s < least:
            raise TooShortError(f"{stream.duration_s:.2f} s long, less than {least:g} s")


def frame_needs(settings: ExtractSettings) -> FrameNeeds:
    """What the frames of a video are needed for."""
    return FrameNeeds(max_frames_held(settings.faces_per_scene), MAX_STRIDE_S)


def largest_face_region(found: Sequence[Detection], frame: Frame) -> Box | None:
    """The largest face found, in fractions of the frame."""
    box = max((d.box for d in found), key=lambda b: b.area, default=None)
    if box is None:
        return None
    width, height = frame.width, frame.height
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)


def _why_no_frames(decoder: Decoder) -> str:
    tally = decoder.tally
    if tally.frames_corrupt:
        return f"all {tally.frames_corrupt} frames are damaged"
    return f"no frame could be decoded ({tally.packets_damaged} damaged packets)"
