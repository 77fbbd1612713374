import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.split.assignment.growing_split import grow_split
from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.links.video_groups import LinkGraph, SharedKey, connected_groups

FREE, ASIDE, TRAIN, TEST, VAL = Side.FREE, Side.ASIDE, Side.TRAIN, Side.TEST, Side.VAL


def graph(*holders):
    """A key for each set of videos."""
    rows = [(video, key) for key, videos in enumerate(holders) for video in sorted(videos)]
    video, key = np.array(rows, np.int64).reshape(-1, 2).T
    return LinkGraph(
        [SharedKey(str(i)) for i in range(len(holders))], video, key, np.zeros(len(rows), np.int8)
    )


def grown(fixed_side, *holders):
    grown_split = grow_split(graph(*holders), np.array(fixed_side, np.int8))
    return grown_split.side.tolist(), grown_split.cross_links


def test_without_an_earlier_split_everything_is_free():
    assert grown([FREE] * 3, {0, 1}) == ([FREE] * 3, ())


def test_new_videos_go_where_their_group_is():
    side, cross_links = grown([TEST, FREE, FREE, TRAIN, FREE], {0, 1}, {1, 2}, {3, 4})
    assert side == [TEST, TEST, TEST, TRAIN, TRAIN]
    assert cross_links == ()


def test_new_videos_of_a_new_group_stay_free():
    assert grown([TEST, TRAIN, FREE, FREE], {2, 3})[0] == [TEST, TRAIN, FREE, FREE]


def test_a_new_video_that_ties_train_to_test_is_set_aside_alone():
    side, cross_links = grown([TRAIN, TRAIN, TEST, TEST, FREE], {0, 1}, {2, 3}, {1, 4}, {2, 4})
    assert side == [TRAIN, TRAIN, TEST, TEST, ASIDE]
    assert {(link.video, link.other) for link in cross_links} == {(4, 1), (4, 2)}


def test_of_a_new_chain_between_two_sides_only_the_last_link_is_set_aside():
    side, cross_links = grown([TRAIN, FREE, FREE, FREE, TEST], {0, 1}, {1, 2}, {2, 3}, {3, 4})
    assert side == [TRAIN, TRAIN, TRAIN, ASIDE, TEST]
    assert {link.video for link in cross_links} == {3}


def test_a_name_that_two_sides_have_takes_the_whole_group_out_of_train():
    side, cross_links = grown([TRAIN, TRAIN, TRAIN, TEST], {0, 1}, {1, 3})
    assert side == [ASIDE, ASIDE, TRAIN, TEST]
    assert [(link.video, link.other) for link in cross_links] == [(1, 3)]


def test_test_stays_before_val_and_val_before_train():
    assert grown([TRAIN, VAL, TEST], {0, 1, 2})[0] == [ASIDE, ASIDE, TEST]
    assert grown([TRAIN, VAL], {0, 1})[0] == [ASIDE, VAL]


def test_what_joins_a_group_set_aside_is_set_aside():
    side, _ = grown([TRAIN, TRAIN, TEST, FREE], {0, 1}, {1, 2}, {0, 3})
    assert side == [ASIDE, ASIDE, TEST, ASIDE]


cases = st.integers(2, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from([FREE, TRAIN, TEST, VAL]), min_size=n, max_size=n),
        st.lists(st.sets(st.integers(0, n - 1), min_size=2, max_size=4), max_size=10),
    )
)


@given(case=cases)
def test_nothing_is_moved_and_no_group_is_on_two_sides(case):
    fixed_side, holders = case
    found = graph(*holders)
    grown_split = grow_split(found, np.array(fixed_side, np.int8))
    side = grown_split.side
    for before, now in zip(fixed_side, side.tolist(), strict=True):
        assert now in (before, ASIDE) or before == FREE
        assert before != TEST or now == TEST
    group = connected_groups(found.among(side != ASIDE), len(fixed_side))
    for number in np.unique(group[side != ASIDE]):
        assert len(set(side[(group == number) & (side != ASIDE)].tolist())) == 1


@given(case=cases)
def test_settling_again_changes_nothing(case):
    fixed_side, holders = case
    found = graph(*holders)
    once = grow_split(found, np.array(fixed_side, np.int8)).side
    kept = np.where(once == ASIDE, fixed_side, once).astype(np.int8)
    assert grow_split(found, kept).side.tolist() == once.tolist()


@given(case=cases)
def test_only_videos_that_touch_another_side_have_ties(case):
    fixed_side, holders = case
    grown_split = grow_split(graph(*holders), np.array(fixed_side, np.int8))
    for link in grown_split.cross_links:
        assert grown_split.side[link.video] == ASIDE
        assert link.other != link.video
        assert link.video in holders[link.key]


@pytest.mark.parametrize("number", [3000])
def test_a_long_new_chain_is_settled_without_recursion(number):
    fixed_side = [TRAIN, *[FREE] * number, TEST]
    side, cross_links = grown(fixed_side, *({i, i + 1} for i in range(number + 1)))
    assert side.count(ASIDE) == 1
    assert len(cross_links) == 2
