import pytest

from deepfake_dataset.report.plurals import plural


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 faces"), (1, "1 face"), (2, "2 faces"), (50, "50 faces")]
)
def test_one_of_a_kind_has_no_plural(count: int, words: str) -> None:
    assert plural(count, "face") == words
