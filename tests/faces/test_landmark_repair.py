"""Landmarks of one face in several samples: real photographs, scripted boxes."""

from collections.abc import Callable, Sequence
from dataclasses import astuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.demo.photos import COLLINS, HOPPER, Photo, load_photo
from deepfake_dataset.faces import landmark_repair as repair_module
from deepfake_dataset.faces.detectors import Detection
from deepfake_dataset.faces.landmark_repair import repair_landmarks
from deepfake_dataset.faces.landmarks import box_about, find_landmarks, find_landmarks_of_many
from deepfake_dataset.faces.scene_faces import SampledFace
from deepfake_dataset.faces.shape_predictor import Points
from deepfake_dataset.records import Box
from deepfake_dataset.video.frame import Frame

FrameOf = Callable[..., Frame]
# From a box this much too large dlib's points end on this person's hat.
TOO_LARGE = 1.25
# Where the detector may see the face: the box of one of its searches.
FACE = Box(157, 143, 363, 349)


def sighting(frame: Frame, box: Box, track: int = 0) -> SampledFace:
    return SampledFace(frame, track, Detection(box, 1.0), box)


def widths(outlines: Sequence[Points]) -> NDArray[np.float64]:
    return np.array([box_about(points).width for points in outlines])


def shot(
    photo: Photo, scales: Sequence[float], frame_of: FrameOf, face: Box = FACE
) -> list[SampledFace]:
    """The photograph once for every scale, with a box about its face."""
    sightings = []
    for index, scale in enumerate(scales):
        picture = cv2.resize(
            load_photo(photo), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
        )
        sides = (scale * side for side in astuple(face))
        sightings.append(sighting(frame_of(picture, index), Box(*sides)))
    return sightings


def misled(sightings: Sequence[SampledFace], places: Sequence[int]) -> list[SampledFace]:
    """The same, with boxes that are too large at some places."""
    return [
        sighting(s.frame, s.start.resized(TOO_LARGE * s.start.width), s.track)
        if place in places
        else s
        for place, s in enumerate(sightings)
    ]


@pytest.mark.parametrize("places", [[3], [0], [7], [1, 4, 6], [2, 3]])
def test_points_that_ended_on_a_hat_are_found_again(places: list[int], frame_of: FrameOf) -> None:
    sound = shot(HOPPER, [1.0] * 8, frame_of)
    wrong = misled(sound, places)
    alone = widths([find_landmarks(s.frame, s.start, 68) for s in wrong])
    together = widths(repair_landmarks(wrong, 68, rough=False))
    usual = np.median(widths(repair_landmarks(sound, 68, rough=False)))
    assert all(alone[places] > 1.15 * usual)
    assert together == pytest.approx(usual, rel=0.05)


def test_a_face_that_comes_closer_keeps_its_sizes(frame_of: FrameOf) -> None:
    scales = [0.4, 0.41, 0.42, 0.6, 0.8, 0.9, 0.95, 1.0]
    coming = shot(HOPPER, scales, frame_of)
    found = widths(repair_landmarks(coming, 68, rough=False))
    assert found / scales == pytest.approx(found[-1], rel=0.05)


def test_tracks_are_judged_apart(frame_of: FrameOf) -> None:
    large, small = (shot(HOPPER, [scale] * 5, frame_of) for scale in (1.0, 0.83))
    both = [
        sighting(s.frame, s.start, track)
        for pair in zip(large, small, strict=True)
        for track, s in enumerate(pair)
    ]
    found = widths(repair_landmarks(both, 68, rough=False))
    alone = [widths(repair_landmarks(one, 68, rough=False)) for one in (large, small)]
    assert found[::2] == pytest.approx(alone[0])
    assert found[1::2] == pytest.approx(alone[1])


def test_what_is_as_usual_is_asked_for_once(
    frame_of: FrameOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    def find(faces: Sequence[tuple[Frame, Box]], count: int, *, rough: bool) -> list[Points]:
        asked.append([frame.index for frame, _ in faces])
        return find_landmarks_of_many(faces, count, rough=rough)

    monkeypatch.setattr(repair_module, "find_landmarks_of_many", find)
    repair_landmarks(misled(shot(HOPPER, [1.0] * 6, frame_of), [2]), 68, rough=False)
    assert asked == [[0, 1, 2, 3, 4, 5], [2]]


@pytest.mark.parametrize("count", [68, 5])
def test_there_are_points_for_every_face_even_for_one_alone(count: int, frame_of: FrameOf) -> None:
    assert repair_landmarks([], count, rough=False) == []
    for number in (1, 2, 3):
        found = repair_landmarks(
            shot(COLLINS, [1.0] * number, frame_of, COLLINS.face), count, rough=True
        )
        assert [points.shape for points in found] == [(count, 2)] * number
