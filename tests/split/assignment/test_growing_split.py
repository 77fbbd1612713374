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


def settled(held, *holders):
    result = grow_split(graph(*holders), np.array(held, np.int8))
    return result.side.tolist(), result.ties


def test_without_an_earlier_split_everything_is_free():
    assert settled([FREE] * 3, {0, 1}) == ([FREE] * 3, ())


def test_new_videos_go_where_their_group_is():
    side, ties = settled([TEST, FREE, FREE, TRAIN, FREE], {0, 1}, {1, 2}, {3, 4})
    assert side == [TEST, TEST, TEST, TRAIN, TRAIN]
    assert ties == ()


def test_new_videos_of_a_new_group_stay_free():
    assert settled([TEST, TRAIN, FREE, FREE], {2, 3})[0] == [TEST, TRAIN, FREE, FREE]


def test_a_new_video_that_ties_train_to_test_is_set_aside_alone():
    side, ties = settled([TRAIN, TRAIN, TEST, TEST, FREE], {0, 1}, {2, 3}, {1, 4}, {2, 4})
    assert side == [TRAIN, TRAIN, TEST, TEST, ASIDE]
    assert {(tie.video, tie.other) for tie in ties} == {(4, 1), (4, 2)}


def test_of_a_new_chain_between_two_sides_only_the_last_link_is_set_aside():
    side, ties = settled([TRAIN, FREE, FREE, FREE, TEST], {0, 1}, {1, 2}, {2, 3}, {3, 4})
    assert side == [TRAIN, TRAIN, TRAIN, ASIDE, TEST]
    assert {tie.video for tie in ties} == {3}


def test_a_name_that_two_sides_have_takes_the_whole_group_out_of_train():
    side, ties = settled([TRAIN, TRAIN, TRAIN, TEST], {0, 1}, {1, 3})
    assert side == [ASIDE, ASIDE, TRAIN, TEST]
    assert [(tie.video, tie.other) for tie in ties] == [(1, 3)]


def test_test_stays_before_val_and_val_before_train():
    assert settled([TRAIN, VAL, TEST], {0, 1, 2})[0] == [ASIDE, ASIDE, TEST]
    assert settled([TRAIN, VAL], {0, 1})[0] == [ASIDE, VAL]


def test_what_joins_a_group_set_aside_is_set_aside():
    side, _ = settled([TRAIN, TRAIN, TEST, FREE], {0, 1}, {1, 2}, {0, 3})
    assert side == [ASIDE, ASIDE, TEST, ASIDE]


cases = st.integers(2, 12).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from([FREE, TRAIN, TEST, VAL]), min_size=n, max_size=n),
        st.lists(st.sets(st.integers(0, n - 1), min_size=2, max_size=4), max_size=10),
    )
)


@given(case=cases)
def test_nothing_is_moved_and_no_group_is_on_two_sides(case):
    held, holders = case
    found = graph(*holders)
    result = grow_split(found, np.array(held, np.int8))
    side = result.side
    for before, now in zip(held, side.tolist(), strict=True):
        assert now in (before, ASIDE) or before == FREE
        assert before != TEST or now == TEST
    group = connected_groups(found.among(side != ASIDE), len(held))
    for number in np.unique(group[side != ASIDE]):
        assert len(set(side[(group == number) & (side != ASIDE)].tolist())) == 1


@given(case=cases)
def test_settling_again_changes_nothing(case):
    held, holders = case
    found = graph(*holders)
    once = grow_split(found, np.array(held, np.int8)).side
    kept = np.where(once == ASIDE, held, once).astype(np.int8)
    assert grow_split(found, kept).side.tolist() == once.tolist()


@given(case=cases)
def test_only_videos_that_touch_another_side_have_ties(case):
    held, holders = case
    result = grow_split(graph(*holders), np.array(held, np.int8))
    for tie in result.ties:
        assert result.side[tie.video] == ASIDE
        assert tie.other != tie.video
        assert tie.video in holders[tie.key]


@pytest.mark.parametrize("number", [3000])
def test_a_long_new_chain_is_settled_without_recursion(number):
    held = [TRAIN, *[FREE] * number, TEST]
    side, ties = settled(held, *({i, i + 1} for i in range(number + 1)))
    assert side.count(ASIDE) == 1
    assert len(ties) == 2
