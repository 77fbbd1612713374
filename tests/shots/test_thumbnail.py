"""Likeness of two looks: its parts against their definitions, its shortcut against the whole."""

from itertools import combinations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.shots.thumbnail import (
    OTHER_SHOT,
    Thumbnail,
    are_similar,
    same_shot,
    similarity,
)

Yuv = NDArray[np.uint8]


def look(picture: Yuv) -> Thumbnail:
    return Thumbnail(0, 0.0, picture)


def barred(picture: Yuv) -> Yuv:
    """With black bars above and below."""
    picture = picture.copy()
    picture[:6, :, 0] = picture[-6:, :, 0] = 0
    return picture


@pytest.fixture(scope="module")
def looks(astronaut: Yuv) -> list[Thumbnail]:
    """A picture, the same darker, moved, barred; another one, barred; and a blank one."""
    yuv = np.asarray(cv2.cvtColor(astronaut, cv2.COLOR_RGB2YCrCb))[..., [0, 2, 1]]
    first, second = (
        np.asarray(cv2.resize(part, (80, 45), interpolation=cv2.INTER_AREA))
        for part in (yuv, np.ascontiguousarray(yuv[::-1]))
    )
    darker = np.asarray(cv2.convertScaleAbs(first, alpha=0.6))
    moved = np.roll(first, 5, axis=1)
    blank = np.full_like(first, 90)
    pictures = (first, darker, moved, barred(first), second, barred(second), blank)
    return [look(picture) for picture in pictures]


def test_a_look_shows_itself_whole_and_another_one_little(looks: list[Thumbnail]) -> None:
    assert similarity(looks[0], looks[0]) == pytest.approx(1.5, abs=0.01)
    assert similarity(looks[0], looks[4]) < OTHER_SHOT


def test_the_same_shot_is_told_whatever_its_light_and_bars(looks: list[Thumbnail]) -> None:
    assert same_shot(looks[0], looks[1])
    assert same_shot(looks[0], looks[2])
    assert same_shot(looks[3], looks[3])
    assert not same_shot(looks[0], looks[4])
    assert not same_shot(looks[3], looks[5])


def test_asked_for_a_likeness_it_says_what_the_whole_sum_says(looks: list[Thumbnail]) -> None:
    for a, b in combinations(looks, 2):
        whole = similarity(a, b)
        assert are_similar(a, b, whole - 1e-6)
        assert not are_similar(a, b, whole + 1e-6)


def test_tones_explain_what_their_means_leave_no_rest_of(looks: list[Thumbnail]) -> None:
    a, b = looks[0], looks[4]
    rests = np.zeros(a.luma.size)
    for tone in np.unique(a.tones):
        there = a.tones == tone
        levels = b.luma.ravel()[there].astype(float) * 256  # as Thumbnail.levels has them
        rests[there] = levels - levels.mean()
    between = b.levels @ b.levels - rests @ rests
    sums = np.bincount(a.tones, b.levels, minlength=len(a.tone_counts))
    assert sums @ (sums / a.tone_counts) == pytest.approx(between, rel=1e-4)
