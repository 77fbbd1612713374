from deepfake_dataset.split.links.explain_group import explain_group
from deepfake_dataset.split.links.must_link import LinkReason, MustLink
from deepfake_dataset.split.links.video_groups import link_graph
from deepfake_dataset.split.video_table import videos_of


def test_every_other_video_of_the_group_is_reached_by_the_shortest_chain(clip, table):
    clips = [
        clip("a.mp4", target="x"),
        clip("b.mp4", "fake", target="x", donor="y"),
        clip("c.mp4", target="y"),
        clip("d.mp4", target="z"),
        clip("e.mp4", target="other"),
    ]
    joins = [MustLink(clips[2].video_id, clips[3].video_id, LinkReason.PERSON, "0.2 apart")]
    videos = videos_of(table(clips))
    steps = explain_group(videos.paths.index("a.mp4"), videos, link_graph(videos, joins))
    told = [(s.video, s.through, s.join.reason, s.join.detail, s.distance) for s in steps]
    assert told == [
        ("b.mp4", "a.mp4", LinkReason.ORIGINAL, "x", 1),
        ("c.mp4", "b.mp4", LinkReason.NAME, "y", 2),
        ("d.mp4", "c.mp4", LinkReason.PERSON, "0.2 apart", 3),
    ]


def test_a_video_alone_has_nothing_to_explain(clip, table):
    videos = videos_of(table([clip("a.mp4"), clip("b.mp4")]))
    assert explain_group(0, videos, link_graph(videos, ())) == ()
