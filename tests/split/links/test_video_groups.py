import random

import numpy as np
import pytest

from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.links.video_groups import connected_groups, link_graph
from deepfake_dataset.split.manifests.split_record import shared_links
from deepfake_dataset.split.video_table import videos_of


@pytest.fixture
def grouped(table):
    """Groups of clips as sets of their paths, and what joins them."""

    def group(clips, links=(), positions=()):
        videos = videos_of(table(clips))
        graph = link_graph(videos, links, positions=positions)
        groups = connected_groups(graph, len(videos))
        found = [{videos.paths[i] for i in np.flatnonzero(groups == g)} for g in np.unique(groups)]
        return sorted(found, key=min), {(s.reason, s.detail) for s in shared_links(videos, graph)}

    return group


def test_videos_that_share_nothing_are_groups_of_their_own(clip, grouped):
    groups, why = grouped([clip("a.mp4", target="x"), clip("b.mp4", target="y"), clip("c.mp4")])
    assert groups == [{"a.mp4"}, {"b.mp4"}, {"c.mp4"}]
    assert why == set()


def test_a_forged_video_is_with_its_original(clip, grouped):
    groups, why = grouped(
        [clip("r/a.mp4", target="x"), clip("f/b.mp4", "fake", target="x", donor="y")]
    )
    assert groups == [{"r/a.mp4", "f/b.mp4"}]
    assert why == {(LinkReason.ORIGINAL, "x")}


def test_a_donor_is_with_his_own_videos(clip, grouped):
    clips = [clip("a.mp4", target="x"), clip("b.mp4", "fake", target="y", donor="x")]
    groups, why = grouped(clips)
    assert groups == [{"a.mp4", "b.mp4"}]
    assert why == {(LinkReason.NAME, "x")}


def test_files_of_one_name_are_together_where_nobody_is_named(clip, grouped):
    groups, why = grouped([clip("real/7.mp4"), clip("fake/7.avi", "fake"), clip("fake/8.mp4")])
    assert groups == [{"fake/7.avi", "real/7.mp4"}, {"fake/8.mp4"}]
    assert why == {(LinkReason.FILE, "7")}


def test_a_forgery_that_names_the_file_of_its_original_is_with_it(clip, grouped):
    clips = [clip("real/abc.mp4"), clip("fake/q.mp4", "fake", target="abc")]
    groups, why = grouped(clips)
    assert len(groups) == 1
    assert why == {(LinkReason.ORIGINAL, "abc")}


def test_files_of_one_name_stay_apart_where_each_says_whose_it_is(clip, grouped):
    groups, _ = grouped([clip("x/take.mp4", target="x"), clip("y/take.mp4", target="y")])
    assert len(groups) == 2


@pytest.mark.parametrize("name", ["ANN", " ann ", "Ann"])
def test_names_are_alike_whatever_their_case(clip, grouped, name):
    groups, _ = grouped([clip("a.mp4", target="Ann"), clip("b.mp4", target=name)])
    assert len(groups) == 1


def test_names_are_alike_however_an_accent_is_composed(clip, grouped):
    groups, _ = grouped([clip("a.mp4", target="Zo\u00eb"), clip("b.mp4", target="Zoe\u0308")])
    assert len(groups) == 1


@pytest.mark.parametrize("positions", [["left"], ["LEFT"], ["l*"], ["right", "l?ft"]])
def test_positions_join_nothing(clip, grouped, positions):
    clips = [clip("a.mp4", target="left"), clip("b.mp4", target="left")]
    assert len(grouped(clips)[0]) == 1
    assert len(grouped(clips, positions=positions)[0]) == 2


def test_videos_that_look_alike_are_together_with_the_reason(clip, grouped):
    clips = [clip(f"{name}.mp4", target=name) for name in "abc"]
    ids = [c.video_id for c in clips]
    links = [
        MustLink(ids[0], ids[1], LinkReason.PERSON, "0.3 apart"),
        MustLink(ids[1], "0" * 16, LinkReason.DUPLICATE),
    ]
    groups, why = grouped(clips, links)
    assert groups == [{"a.mp4", "b.mp4"}, {"c.mp4"}]
    assert why == {(LinkReason.PERSON, "0.3 apart")}


def test_on_a_list_of_pairs_no_identity_is_in_two_groups(clip, grouped):
    """As FaceForensics++ publishes: 1000 sequences in pairs, each forged both ways."""
    ids = [f"{i:03}" for i in range(1000)]
    random.Random(0).shuffle(ids)
    clips = [clip(f"original/{i}.mp4", target=i, faces=1) for i in ids]
    for a, b in zip(ids[::2], ids[1::2], strict=True):
        for target, donor in ((a, b), (b, a)):
            path = f"Deepfakes/{target}_{donor}.mp4"
            clips.append(clip(path, "fake", target=target, donor=donor, faces=1))
    groups, _ = grouped(clips)
    assert len(groups) == 500
    seen = [{name for path in g for name in path[:-4].split("/")[1].split("_")} for g in groups]
    assert all(len(names) == 2 for names in seen)
    assert sum(map(len, seen)) == 1000


def test_a_name_that_many_share_is_one_row(clip, grouped, table):
    clips = [clip(f"{i}.mp4", target="studio", faces=1) for i in range(300)]
    videos = videos_of(table(clips))
    (row,) = shared_links(videos, link_graph(videos, ()))
    assert sorted(row.videos) == sorted(c.video_id for c in clips)


def test_the_group_is_named_after_its_first_video(clip, table):
    videos = videos_of(table([clip(f"{i}.mp4", target="x") for i in range(9)]))
    assert set(connected_groups(link_graph(videos, ()), 9)) == {0}
