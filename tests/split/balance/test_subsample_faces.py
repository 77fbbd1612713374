import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.split.balance.subsample_faces import subsample, video_hashes

HASHES = video_hashes([f"{i:016x}" for i in range(50)], seed=0)


def chosen_faces(side, real, cell, video=None, scene=None, video_hash=HASHES):
    number = len(side)
    arrays = (
        np.array(side, np.int8),
        np.array(real, bool),
        np.array(cell, np.int64),
        np.array(video if video is not None else np.zeros(number), np.int64),
        np.array(scene if scene is not None else np.zeros(number), np.int64),
    )
    return subsample(*arrays, video_hash)


faces = st.lists(
    st.tuples(st.sampled_from([-2, 0, 1, 2]), st.booleans(), st.integers(0, 3), st.integers(0, 9)),
    min_size=1,
    max_size=80,
)


@given(rows=faces)
def test_each_side_has_as_many_of_both_classes_in_each_cell(rows):
    rows.sort(key=lambda row: row[3])
    side, real, cell, video = map(np.array, zip(*rows, strict=True))
    chosen = chosen_faces(side, real, cell, video)
    assert not chosen[side < 0].any()
    for s in (0, 1, 2):
        for c in range(4):
            here = (side == s) & (cell == c)
            there = [int((here & (real == which)).sum()) for which in (False, True)]
            got = [int((chosen & here & (real == which)).sum()) for which in (False, True)]
            assert got == [min(there)] * 2


def test_surplus_is_drawn_evenly_over_videos():
    video = np.repeat([0, 1, 2, 3], [60, 60, 5, 40])
    real = video == 3
    chosen = chosen_faces(np.zeros(165), real, np.zeros(165), video)
    assert np.bincount(video[chosen]).tolist() in ([18, 17, 5, 40], [17, 18, 5, 40])


def test_surplus_is_drawn_evenly_over_the_scenes_of_a_video():
    scene = np.repeat([0, 1, 2], [50, 10, 2])
    video, real = np.repeat([0, 1], [62, 12]), np.repeat([False, True], [62, 12])
    chosen = chosen_faces(np.zeros(74), real, np.zeros(74), video, [*scene, *[0] * 12])
    assert sorted(np.bincount(scene[chosen[:62]]).tolist()) == [2, 5, 5]


def test_surplus_is_spread_over_the_time_of_a_scene():
    video, real = np.repeat([0, 1], [100, 10]), np.repeat([False, True], [100, 10])
    chosen = np.flatnonzero(chosen_faces(np.zeros(110), real, np.zeros(110), video)[:100])
    assert len(chosen) == 10
    assert np.diff(chosen).max() <= 20
    assert np.diff(chosen).min() >= 5


def test_what_is_drawn_of_a_video_does_not_depend_on_its_position():
    video, real = np.repeat([0, 1], [100, 10]), np.repeat([False, True], [100, 10])
    once = chosen_faces(np.zeros(110), real, np.zeros(110), video, video_hash=HASHES[[5, 9]])
    again = chosen_faces(
        np.zeros(110), real, np.zeros(110), video + 2, video_hash=HASHES[[1, 2, 5, 9]]
    )
    assert once.tolist() == again.tolist()


def test_the_seed_draws_other_faces():
    video, real = np.repeat([0, 1], [100, 10]), np.repeat([False, True], [100, 10])
    ids = [f"{i:016x}" for i in range(2)]
    sets = [
        tuple(
            chosen_faces(
                np.zeros(110), real, np.zeros(110), video, video_hash=video_hashes(ids, seed)
            ).tolist()
        )
        for seed in range(4)
    ]
    assert len(set(sets)) == 4


def test_lots_are_the_same_on_every_machine():
    assert video_hashes(["00000000000000ff", "ffffffffffffffff"], 0).tolist() == [
        int(video_hashes(["00000000000000ff"], 0)[0]),
        int(video_hashes(["ffffffffffffffff"], 0)[0]),
    ]
    assert video_hashes(["0000000000000001"], 0)[0] == np.uint64(0x5692161D100B05E5)
