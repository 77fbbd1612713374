import json
from pathlib import Path

import pytest

from deepfake_dataset.extract import frame_needs
from deepfake_dataset.records import Cause
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.shots.scene_detector import Boundary, SceneDetector
from deepfake_dataset.shots.thumbnail_stride import with_thumbnails
from deepfake_dataset.video.decode import Decoder

pytestmark = pytest.mark.slow

CUT = [
    "real/face_recognition__short_hamilton_clip.mp4",
    "scenecuts/PySceneDetect__goldeneye-vfr-drop3.mp4",
]
UNCUT = [
    "real/LivePortrait__driving_d10.mp4",
    "real/LivePortrait__driving_d12.mp4",
    "real/facenet-pytorch__video.mp4",
    "real/icpr2020dfdc__ffpp_youtube_c23_004.mp4",
    "real/moviepy__chaplin.mp4",
    "fake/icpr2020dfdc__dfdc10_yhffcuhhjy.mp4",
]


def boundaries(path: Path) -> list[Boundary]:
    detector, found = SceneDetector(), []
    with Decoder(path, 1 << 26, frame_needs(ExtractSettings())) as decoder:
        for _, small in with_thumbnails(decoder.frames()):
            found += detector.push(small) if small else []
    return found + detector.finish()


@pytest.mark.parametrize("name", CUT)
def test_hard_cuts_are_found_to_the_frame(shared_data: Path, name: str) -> None:
    truth = json.loads((shared_data / "videos" / "cuts.json").read_text())[name]["hard_cuts"]
    found = boundaries(shared_data / "videos" / name)
    assert [(one.frame, one.cause) for one in found] == [(cut, Cause.ANGLE) for cut in truth]


@pytest.mark.parametrize("name", UNCUT)
def test_a_single_shot_is_one_scene(shared_data: Path, name: str) -> None:
    assert boundaries(shared_data / "videos" / name) == []


def test_fades_through_black_into_another_shot_part_scenes(shared_data: Path) -> None:
    found = boundaries(shared_data / "videos/scenecuts/PySceneDetect__testvideo.mp4")
    through_black = [one.frame for one in found if one.frame < 500]
    assert len(through_black) == 2
    assert 180 <= through_black[0] <= 217
    assert 347 <= through_black[1] <= 400
