from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.shots.frame_buffer import FrameBuffer
from deepfake_dataset.video.frame import Frame

RECENT = 16
"""How many frames a change of scene may lie in the past without loss."""


@dataclass(frozen=True)
class Shot:
    index: int
    nbytes: int = 1

    @property
    def time_s(self) -> float:
        return self.index / 25


def filled(count: int, wanted: int, nbytes: int = 1, first: int = 0) -> FrameBuffer:
    buffer = FrameBuffer(wanted, start=first)
    for index in range(first, first + count):
        buffer.add(cast(Frame, Shot(index, nbytes)))
    return buffer


def indices(buffer: FrameBuffer) -> list[int]:
    return [frame.index for frame in buffer.frames]


@given(count=st.integers(1, 3000), wanted=st.integers(1, 60))
def test_what_is_held_is_bounded_and_evenly_spread(count: int, wanted: int) -> None:
    held = indices(filled(count, wanted))
    most = 2 * wanted
    assert len(held) <= most
    assert held[0] == 0
    gaps = [later - earlier for earlier, later in pairwise(held)]
    assert not gaps or max(gaps) == min(gaps)
    assert count - 1 - held[-1] < max(gaps, default=1)
    assert count <= most or len(held) >= most // 2


@given(
    count=st.integers(1, 1000),
    wanted=st.integers(1, 40),
    missing=st.sets(st.integers(0, 1000), max_size=600),
)
def test_frames_that_would_be_held_are_held_where_others_are_missing(
    count: int, wanted: int, missing: set[int]
) -> None:
    expected = set(indices(filled(count, wanted)))
    buffer = FrameBuffer(wanted)
    for index in range(count):
        if index in expected or index not in missing:
            buffer.add(cast(Frame, Shot(index)))
    assert expected <= set(indices(buffer))


def test_a_short_scene_is_held_whole() -> None:
    assert indices(filled(37, 50)) == list(range(37))


@given(
    indices_left=st.sets(st.integers(0, 2000), min_size=1, max_size=600),
    wanted=st.integers(1, 40),
)
def test_frames_that_were_damaged_leave_no_larger_hole_than_they_are(
    indices_left: set[int], wanted: int
) -> None:
    buffer = FrameBuffer(wanted)
    for index in sorted(indices_left):
        buffer.add(cast(Frame, Shot(index)))
    held = indices(buffer)
    assert held == sorted(set(held))
    assert set(held) <= indices_left
    assert len(held) <= 2 * wanted


@given(
    count=st.integers(2, 1500),
    back=st.integers(0, RECENT - 1),
    wanted=st.integers(8, 60),
    data=st.data(),
)
def test_a_split_keeps_every_recent_frame_of_the_next_scene(
    count: int, back: int, wanted: int, data: st.DataObject
) -> None:
    buffer = filled(count, wanted)
    at = max(1, count - 1 - back)
    before = indices(buffer)
    following = buffer.split(at)
    assert following.start == at
    assert indices(buffer) == [index for index in before if index < at]
    assert indices(following) == list(range(at, count))
    more = data.draw(st.integers(0, 800))
    for index in range(count, count + more):
        following.add(cast(Frame, Shot(index)))
    held = indices(following)
    gaps = [later - earlier for earlier, later in pairwise(held)]
    assert held[0] == at
    assert not gaps or max(gaps) == min(gaps)


def test_a_split_leaves_out_what_shows_both_scenes() -> None:
    buffer = filled(40, 50)
    following = buffer.split(30, range(28, 33))
    assert indices(buffer) == list(range(28))
    assert indices(following) == list(range(33, 40))


@given(count=st.integers(2, 1500), data=st.data())
def test_a_split_at_any_place_parts_the_frames(count: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, count + 5))
    buffer = filled(count, 10)
    before = set(indices(buffer))
    following = buffer.split(at)
    assert all(index < at for index in indices(buffer))
    assert all(index >= at for index in indices(following))
    assert len(indices(following)) <= 20
    assert indices(following) == sorted(set(indices(following)))
    assert {index for index in before if index < at} == set(indices(buffer))


@pytest.mark.parametrize(
    ("nbytes", "most"),
    [(3_110_400, 100), (12_441_600, 50), (50_000_000, 20), (1, 100)],
    ids=["1080p", "4K", "8K", "tiny"],
)
def test_large_pictures_get_fewer_frames_not_more_memory(nbytes: int, most: int) -> None:
    held = filled(1000, 50, nbytes).frames
    assert most / 2 <= len(held) <= most
