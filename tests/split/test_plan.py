from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from deepfake_dataset.errors import SplitError
from deepfake_dataset.settings import SplitSettings
from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.manifests.split_record import face_counts
from deepfake_dataset.split.plan import link_videos, plan_split

NO_VAL = SplitSettings(val_share=0.0)


@pytest.fixture
def plan(table):
    def make(clips, settings=NO_VAL, links=(), fixed_side=None):
        linked = link_videos(table(clips), links, settings)
        sides = fixed_side or {}
        given = [sides.get(path, Side.FREE) for path in linked.videos.paths]
        return plan_split(linked, settings, np.array(given, np.int8))

    return make


@pytest.fixture
def refused(plan):
    def make(*given, **named):
        with pytest.raises(SplitError) as caught:
            plan(*given, **named)
        return f"{caught.value} | {caught.value.hint}"

    return make


def by_path(made):
    return {p: Side(s) for p, s in zip(made.linked.videos.paths, made.side, strict=True)}


def test_a_person_is_on_one_side_and_shares_are_kept(people, plan):
    made = plan(people(10), SplitSettings())
    sides = by_path(made)
    assert all(sides[f"real/{i}.mp4"] == sides[f"fake/{i}.mp4"] for i in range(10))
    assert np.bincount(made.side).tolist() == [14, 4, 2]
    assert made.selected.all()
    assert made.proven


def test_unknown_labels_stay_out(people, clip, plan):
    made = plan([*people(4), clip("what.mp4", "unknown", target="person 1")])
    assert "what.mp4" not in made.linked.videos.paths


def test_only_reviewed_faces_where_that_is_asked(people, plan, refused):
    clips = people(4)
    reviewed = [replace(c, reviewed=int(c.path[5]) < 3) for c in clips]
    settings = replace(NO_VAL, reviewed_only=True)
    assert len(plan(reviewed, settings).linked.videos) == 6
    assert "no reviewed face is real" in refused(clips, settings)


def test_each_side_has_as_many_real_as_fake_faces_in_each_resolution(people, clip, plan):
    clips = [
        replace(c, faces=9 if c.label == "fake" else 5, native_px=50.0 * (i % 7))
        for i, c in enumerate(people(40))
    ]
    counts = face_counts(plan(clips, SplitSettings()))
    pools = {(c.side, c.resolution): [] for c in counts}
    for c in counts:
        pools[c.side, c.resolution].append((c.faces, c.surplus))
    for sizes in pools.values():
        assert len({faces for faces, _ in sizes}) == 1
        assert 0 in [surplus for _, surplus in sizes] or len(sizes) == 1


def test_drawn_and_surplus_are_all_faces(people, clip, plan):
    made = plan([*people(5), clip("more.mp4", "fake", target="person 3", faces=31)])
    counts = face_counts(made)
    assert sum(c.faces for c in counts) == int(made.selected.sum())
    assert sum(c.faces + c.surplus for c in counts) == made.linked.faces.num_rows


def test_classes_are_balanced_by_other_columns_too(people, plan):
    clips = [
        replace(c, codec="h264" if i % 3 else "hevc", faces=6) for i, c in enumerate(people(30))
    ]
    made = plan(clips, replace(NO_VAL, balance="codec"))
    faces = made.linked.faces.filter(made.selected)
    for codec in ("h264", "hevc"):
        here = pc.equal(faces["codec"], codec)
        labels = pc.value_counts(faces["label"].filter(here)).to_pylist()
        assert len({row["counts"] for row in labels}) == 1


def test_without_balancing_every_face_is_drawn(people, clip, plan):
    clips = [*people(5), clip("more.mp4", "fake", target="person 3", faces=31)]
    assert plan(clips, replace(NO_VAL, balance="none")).selected.all()


def test_resolution_is_told_apart_though_balance_is_by_something_else(people, plan):
    made = plan(people(6, faces=8), replace(NO_VAL, balance="codec"))
    assert made.resolution.scale.column == "native_px"
    assert made.resolution.bin.max() == 3


def test_a_method_is_on_every_side_where_groups_allow(people, plan):
    methods = ("A", "B", "C")
    clips = [
        replace(c, method=methods[int(c.path[5:-4]) % 3] if c.label == "fake" else "")
        for c in people(30)
    ]
    made = plan(clips)
    for side in (Side.TRAIN, Side.TEST):
        here = made.side[made.linked.videos.of_face] == side
        assert set(made.linked.faces.filter(here)["method"].to_pylist()) == {"A", "B", "C", ""}


def test_seeds_decide_between_equal_groups(people, plan):
    sides = {
        tuple(plan(people(40), replace(NO_VAL, split_seed=seed)).side.tolist()) for seed in range(3)
    }
    assert len(sides) == 3


def test_videos_keep_their_sides_when_others_come(people, plan):
    first = by_path(plan(people(8)))
    later = by_path(plan(people(20), fixed_side=first))
    assert {path: later[path] for path in first} == first
    assert sum(side == Side.TEST for side in later.values()) == 8


def test_a_dataset_without_faces_is_refused(refused):
    assert "has no faces" in refused([])


@pytest.mark.parametrize("label", ["real", "fake"])
def test_one_class_only_is_refused(clip, refused, label):
    other = "fake" if label == "real" else "real"
    assert f"no face is {other}" in refused([clip("a.mp4", label), clip("b.mp4", label)])


def test_one_group_is_refused_with_what_joins_it(clip, refused):
    clips = [clip(f"{label}/{i}.mp4", label, "cam") for i in range(4) for label in ("real", "fake")]
    told = refused(clips)
    assert "all videos are in one group: 1 more with both is needed" in told
    assert "--positions 'cam'" in told


@pytest.mark.parametrize(("number", "missing"), [(1, 2), (2, 1)])
def test_too_few_groups_are_refused_with_the_number_that_is_missing(
    people, refused, number, missing
):
    assert f"{missing} more with both" in refused(people(number), SplitSettings())


def test_a_group_of_real_and_one_of_fake_faces_are_enough_for_a_side(people, clip, plan, refused):
    halves = [*people(1), clip("r.mp4", target="x"), clip("f.mp4", "fake", target="y")]
    assert {Side.TRAIN, Side.TEST} == set(by_path(plan(halves)).values())
    assert "1 more" in refused(halves[:-1])


def test_a_side_for_which_no_group_is_left_is_refused(people, refused):
    fixed_side = {f"{label}/{i}.mp4": i for i in (0, 1) for label in ("real", "fake")}
    assert "--fresh" in refused(people(2), SplitSettings(), fixed_side=fixed_side)


def test_shares_that_do_not_add_up_are_refused(people, refused):
    settings = SplitSettings(test_share=0.6, val_share=0.4)
    assert "leave nothing to train on" in refused(people(9), settings)


def test_validation_videos_of_before_need_a_share(people, refused):
    fixed_side = {"real/0.mp4": Side.VAL, "fake/0.mp4": Side.VAL}
    assert "2 videos are in val since an earlier split" in refused(people(9), fixed_side=fixed_side)


def test_a_side_without_a_bin_that_both_classes_have_is_refused(clip, refused):
    clips = [
        clip(f"{label}/{i}.mp4", label, f"p{i}", native_px=px)
        for i in range(4)
        for label, px in (("real", 50.0), ("fake", 900.0))
    ]
    assert "no bin of native_px has faces of both classes in train" in refused(clips)
    assert "did you mean native_px?" in refused(clips, replace(NO_VAL, balance="native"))
