import pytest

from deepfake_dataset.errors import ManifestError, SplitError
from deepfake_dataset.split.assignment.given_split import read_given_split
from deepfake_dataset.split.assignment.sides_and_shares import Side
from deepfake_dataset.split.video_table import videos_of


@pytest.fixture
def videos(clip, table):
    paths = ["real/c23/000.mp4", "fake/c23/000.mp4", "fake/c23/001_000.mp4", "real/é.mp4"]
    return videos_of(table([clip(path) for path in paths]))


@pytest.fixture
def given(tmp_path, videos):
    def read(text):
        (tmp_path / "given.csv").write_bytes(text.encode())
        side = read_given_split(tmp_path / "given.csv", videos)
        return {videos.paths[i]: Side(s).word for i, s in enumerate(side) if s != Side.FREE}

    return read


def test_sides_are_given_by_path_end_of_path_or_id(given, videos):
    id_ = videos.ids[videos.paths.index("real/é.mp4")]
    assert given(f"path,side\nreal/c23/000.mp4,train\n001_000.mp4,Test\n{id_},val\n") == {
        "real/c23/000.mp4": "train",
        "fake/c23/001_000.mp4": "test",
        "real/é.mp4": "val",
    }


def test_a_spreadsheets_csv_will_do(given):
    text = "\ufeffSide;Path;note\r\ntest;001_000.mp4;x\r\n"
    assert given(text) == {"fake/c23/001_000.mp4": "test"}


def test_videos_that_the_dataset_does_not_have_are_passed_over(given):
    assert len(given("path,side\nnone.mp4,test\n001_000.mp4,test\n")) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("path,side\n000.mp4,test\n", "row 2: '000.mp4' may be"),
        ("path,side\n001_000.mp4,tests\n", "row 2: 'tests' is no side"),
        ("path,side\n001_000.mp4,test\n001_000.mp4,train\n", "row 3: .* was in test before"),
        ("path,side\nnone.mp4,test\n", "names none of the dataset's videos"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_row(given, text, told):
    with pytest.raises(SplitError, match=told):
        given(text)


def test_a_csv_without_the_columns_is_refused(given):
    with pytest.raises(ManifestError, match="no column side"):
        given("path\na.mp4\n")
