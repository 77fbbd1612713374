from collections import Counter

import numpy as np
import pytest

from deepfake_dataset.demo.camera import Hand, to_frame
from deepfake_dataset.demo.photos import PEOPLE, load_photo
from deepfake_dataset.demo.script import FPS, TAKES, Take, truth
from deepfake_dataset.records import Cause

each_take = pytest.mark.parametrize("take", TAKES, ids=lambda take: take.name)


@each_take
def test_the_camera_never_looks_past_the_photograph(take: Take) -> None:
    for shot in take.shots:
        size = take.width // len(shot.views), take.height
        corners = np.array([[x, y, 1] for x in (0, size[0] - 1) for y in (0, size[1] - 1)]).T
        for view in shot.views:
            height, width = load_photo(view.photo).shape[:2]
            hand = Hand(np.random.default_rng(0))
            for frame in range(shot.frames):
                pose = hand.hold(view.move.at(frame / (shot.frames - 1)), frame / FPS)
                matrix = np.vstack([to_frame(pose, size, mirrored=view.move.mirrored), [0, 0, 1]])
                xs, ys, _ = np.linalg.inv(matrix) @ corners
                assert xs.min() >= 0, (shot, pose)
                assert ys.min() >= 0, (shot, pose)
                assert xs.max() <= width - 1, (shot, pose)
                assert ys.max() <= height - 1, (shot, pose)


@each_take
def test_a_take_lasts_five_to_ten_seconds_and_has_changes_far_enough_apart(take: Take) -> None:
    length = sum(shot.frames for shot in take.shots)
    assert 5 <= length / FPS <= 10
    edges = [0, *(frame for c in truth(take) for frame in {c.first_frame, c.settled_frame}), length]
    assert min(np.diff(sorted(edges))) >= 0.6 * FPS


@each_take
def test_h264_can_hold_the_frames(take: Take) -> None:
    assert take.width % 2 == take.height % 2 == 0
    assert all(take.width % len(shot.views) == 0 for shot in take.shots)


def test_truth_counts_frames_of_the_whole_video() -> None:
    first = truth(TAKES[0])
    assert [(change.cause, change.detail, change.first_frame) for change in first] == [
        (Cause.LIGHT, "dim", 44),
        (Cause.ANGLE, "cut", 80),
        (Cause.ANGLE, "cut", 145),
    ]
    slow = next(change for change in truth(TAKES[1]) if change.cause is Cause.LIGHT)
    assert (slow.first_frame, slow.settled_frame) == (120, 145)


def test_the_takes_show_everyone_and_several_people_at_once() -> None:
    assert {take.person for take in TAKES} == set(PEOPLE)
    assert Counter(len(shot.views) for take in TAKES for shot in take.shots)[2] >= 1
