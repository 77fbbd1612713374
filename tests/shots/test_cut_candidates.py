import numpy as np
import pytest
from numpy.typing import NDArray
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from deepfake_dataset.shots.cut_candidates import CutCandidates
from deepfake_dataset.shots.thumbnail import Thumbnail

Picture = NDArray[np.uint8]


@pytest.fixture
def pictures(astronaut: Picture) -> list[Picture]:
    """Two shots of ten pictures that drift, and a flash."""
    shots = [astronaut[y : y + 45, x : x + 80] for y, x in ((60, 170), (300, 20))]
    drifting = [np.roll(shot, n, axis=1) for shot in shots for n in range(10)]
    drifting[5] = np.full_like(drifting[5], 250)
    return drifting


def test_the_measure_of_change_is_scenedetect_s_own(pictures: list[Picture]) -> None:
    ours, theirs = CutCandidates()._detector, AdaptiveDetector()
    for number, picture in enumerate(pictures):
        time = FrameTimecode(number, 25.0)
        assert ours._calculate_frame_score(time, picture) == pytest.approx(
            theirs._calculate_frame_score(time, picture), abs=1e-9
        )


def test_a_cut_is_named_two_frames_late(pictures: list[Picture]) -> None:
    candidates = CutCandidates()
    named = [candidates.push(Thumbnail(n, n / 25, picture)) for n, picture in enumerate(pictures)]
    assert [10] in named
    assert named.index([10]) == 12
