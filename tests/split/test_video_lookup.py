import pytest

from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.video_lookup import find_video
from deepfake_dataset.split.video_table import videos_of


@pytest.fixture
def videos(clip, table):
    return videos_of(table([clip("real/c23/000.mp4"), clip("fake/c23/000.mp4")]))


def test_a_video_is_found_as_a_person_names_it(videos):
    assert videos.paths[find_video("real/c23/000.mp4", videos)] == "real/c23/000.mp4"
    with pytest.raises(SplitError, match="may be"):
        find_video("000.mp4", videos)
    with pytest.raises(SplitError, match="no video"):
        find_video("x.mp4", videos)
