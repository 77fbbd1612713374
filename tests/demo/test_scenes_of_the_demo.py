"""Every scene of the demo's videos is found, and no other: their truth is known."""

from pathlib import Path

import pytest

from deepfake_dataset.demo import Clip, make_video
from deepfake_dataset.demo.script import FPS, TAKES, Take, truth
from deepfake_dataset.extract import frame_needs
from deepfake_dataset.records import Cause
from deepfake_dataset.settings import ExtractSettings
from deepfake_dataset.shots.scene_detector import Boundary, SceneDetector
from deepfake_dataset.shots.thumbnail_stride import with_thumbnails
from deepfake_dataset.video.decode import Decoder

pytestmark = pytest.mark.slow

LIGHT_FRAMES = FPS / 2


def boundaries(path: Path) -> list[Boundary]:
    detector = SceneDetector()
    found = []
    with Decoder(path, 10_000_000, frame_needs(ExtractSettings())) as decoder:
        for _, small in with_thumbnails(decoder.frames()):
            found += detector.push(small) if small else []
    return found + detector.finish()


@pytest.mark.parametrize("take", TAKES, ids=lambda take: take.name)
def test_every_change_is_found_where_it_is_and_for_what_it_is(take: Take, tmp_path: Path) -> None:
    found = boundaries(make_video(Clip(take, forged=False), tmp_path))
    true = truth(take)
    assert [boundary.cause for boundary in found] == [change.cause for change in true]
    for boundary, change in zip(found, true, strict=True):
        middle = (change.first_frame + change.settled_frame) / 2
        reach = 1 if change.cause is Cause.ANGLE else LIGHT_FRAMES
        assert abs(boundary.frame - middle) <= reach
