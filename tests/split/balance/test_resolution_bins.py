import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.errors import SplitError
from deepfake_dataset.split.balance.resolution_bins import balanced_columns, bin_column, joint_cells

NUMBERS = st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=60)


def bins_of(values, bins):
    return bin_column(pa.table({"x": pa.array(values, pa.float64())}), "x", bins)


@given(values=NUMBERS, bins=st.integers(1, 8))
def test_bins_rise_with_the_value_and_equal_values_share_one(values, bins):
    found = bins_of(values, bins)
    assert found.bin.max() < found.scale.bins - 1
    for a, b in zip(values, found.bin, strict=True):
        for c, d in zip(values, found.bin, strict=True):
            assert (b == d) if a == c else ((b <= d) if a < c else (b >= d))


@given(values=NUMBERS, bins=st.integers(1, 8), order=st.randoms())
def test_bins_do_not_depend_on_the_order(values, bins, order):
    mixed = values.copy()
    order.shuffle(mixed)
    assert bins_of(values, bins).scale == bins_of(mixed, bins).scale


def test_bins_are_quantiles():
    found = bins_of(range(100), 4)
    assert np.bincount(found.bin).tolist() == [25, 25, 25, 25]
    assert found.scale.edges == (25, 50, 75)


def test_one_value_is_one_bin():
    found = bins_of([7.0] * 5, 4)
    assert found.scale.edges == ()
    assert set(found.bin) == {0}


def test_missing_values_have_a_bin_of_their_own():
    found = bins_of([1.0, None, 3.0, float("nan")], 2)
    assert found.bin.tolist() == [0, 2, 1, 2]
    assert bins_of([None, None], 2).bin.tolist() == [1, 1]


@pytest.mark.parametrize("coded", [False, True])
def test_words_have_a_bin_each_whatever_their_order(coded):
    words = pa.array(["vp9", "h264", None, "vp9"])
    found = bin_column(pa.table({"x": words.dictionary_encode() if coded else words}), "x", 4)
    assert found.scale.words == ("h264", "vp9")
    assert found.bin.tolist() == [1, 0, 2, 1]


def test_cells_tell_all_columns_apart():
    a, b = bins_of([1, 1, 2, 2], 2), bins_of([1, 2, 1, 2], 2)
    cell, number = joint_cells((a, b), 4)
    assert len(set(cell.tolist())) == 4
    assert cell.max() < number


def test_columns_are_named_with_commas_between():
    faces = pa.table({"native_px": [1.0], "codec": ["x"], "landmarks": [[1.0]]})
    assert balanced_columns("native_px, codec,native_px", faces) == ("native_px", "codec")
    assert balanced_columns("none", faces) == ()


def test_a_column_that_is_not_there_is_refused_with_the_nearest_one():
    faces = pa.table({"bit_rate": [1], "landmarks": [[1.0]]})
    with pytest.raises(SplitError, match="bitrate") as caught:
        balanced_columns("bitrate", faces)
    assert caught.value.hint == "did you mean bit_rate?"
    with pytest.raises(SplitError):
        balanced_columns("landmarks", faces)
