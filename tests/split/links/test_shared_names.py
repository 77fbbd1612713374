import pytest

from deepfake_dataset.split.links.must_link import Role
from deepfake_dataset.split.links.shared_names import fold_name, position_matcher, shared_names
from deepfake_dataset.split.video_table import videos_of


@pytest.fixture
def shared(table):
    """What videos share: each name as it is spelt, with the path and role of who has it."""

    def find(clips, positions=()):
        videos = videos_of(table(clips))
        return {
            key.detail: {(videos.paths[video], role) for video, role in members}
            for key, members in shared_names(videos, positions)
        }

    return find


@pytest.mark.parametrize("name", ["ANN", " ann ", "Ann"])
def test_case_and_blanks_make_no_other_name(name):
    assert fold_name(name) == "ann"


def test_an_accent_is_the_same_however_it_is_composed():
    assert fold_name("Zo\u00eb") == fold_name("Zoe\u0308") != fold_name("Zoe")


@pytest.mark.parametrize(
    ("positions", "is_one"), [(["left"], True), (["L?FT", "cam*"], True), (["lef"], False)]
)
def test_positions_may_be_patterns_in_any_case(positions, is_one):
    assert position_matcher(positions)("left") is is_one


def test_a_name_counts_whoever_has_it_as_target_or_donor(clip, shared):
    clips = [clip("a.mp4", target="x"), clip("b.mp4", "fake", target="y", donor="X")]
    found = shared(clips)
    assert list(found.values()) == [{("a.mp4", Role.TARGET), ("b.mp4", Role.DONOR)}]
    assert shared(clips, positions=["x"]) == {}


def test_a_files_name_counts_only_where_somebody_of_that_name_has_no_target(clip, shared):
    named = [clip("x/take.mp4", target="x"), clip("y/take.mp4", target="y")]
    assert shared(named) == {}
    assert set(shared([*named, clip("z/take.mp4")])) == {"take"}


def test_what_one_video_alone_has_ties_nothing(clip, shared):
    assert shared([clip("a.mp4", target="x", donor="x"), clip("b.mp4", target="y")]) == {}
