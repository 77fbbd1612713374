import pytest

from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.links.oversized_groups import oversized_groups
from deepfake_dataset.split.links.video_groups import connected_groups, link_graph
from deepfake_dataset.split.video_table import videos_of


@pytest.fixture
def oversized(table):
    def report(clips, links=()):
        videos = videos_of(table(clips))
        graph = link_graph(videos, links)
        return oversized_groups(videos, graph, connected_groups(graph, len(videos)))

    return report


def test_groups_up_to_a_fifth_are_not_reported(people, oversized):
    assert oversized(people(5)) == ()
    assert len(oversized(people(4))) == 4


def test_the_name_that_joins_everything_is_found(clip, oversized):
    clips = [clip(f"{i}.mp4", target=f"person {i // 2}", donor="cam1") for i in range(20)]
    (group,) = oversized(clips)
    weakest = group.links[0]
    assert group.videos == 20
    assert (weakest.detail, weakest.joined, weakest.largest) == ("cam1", 20, 2)
    assert weakest.remedy == "--positions 'cam1'"


def test_the_pair_that_joins_two_halves_is_found(people, clip, oversized):
    halves = [clip(f"{h}{i}.mp4", target=h) for h in "xy" for i in range(5)]
    ids = {c.path: c.video_id for c in halves}
    links = [MustLink(ids["x0.mp4"], ids["y3.mp4"], LinkReason.DUPLICATE, "2 bits")]
    (group,) = oversized(halves, links)
    weakest = next(link for link in group.links if link.reason is LinkReason.DUPLICATE)
    assert weakest.largest == 5
    assert set(weakest.paths) == {"x0.mp4", "y3.mp4"}
    assert set(weakest.remedy.removeprefix("--cut ").split(",")) == set(weakest.ids)


def test_no_single_join_is_named_where_there_are_two_ways_round(clip, oversized):
    clips = [clip(f"{i}.mp4", target=f"p{i}") for i in range(6)]
    ids = [c.video_id for c in clips]
    ring = [MustLink(ids[i], ids[(i + 1) % 6], LinkReason.PERSON, "near") for i in range(6)]
    (group,) = oversized(clips, ring)
    assert group.links == ()
    assert [(c.name, c.number) for c in group.joins] == [("same person", 6)]


def test_a_chain_of_twenty_thousand_is_reported_too(clip, oversized):
    clips = [clip(f"{i}.mp4", target=f"p{i}", donor=f"p{i + 1}", faces=1) for i in range(20_000)]
    (group,) = oversized(clips)
    assert group.videos == 20_000
    assert abs(group.links[0].largest - 10_000) < 5
