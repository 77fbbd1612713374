import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.faces import dlib_file_format
from deepfake_dataset.faces.dlib_file_format import fractions, number_starts, read_numbers

LARGEST = (1 << 24) - 1

numbers = st.lists(st.integers(-LARGEST, LARGEST), max_size=300)


def written(numbers: list[int]) -> NDArray[np.uint8]:
    """As dlib writes them: how many bytes, the sign in the highest bit; and then these."""
    data = bytearray()
    for number in numbers:
        length = max(1, (abs(number).bit_length() + 7) // 8)
        data.append(length | (0x80 if number < 0 else 0))
        data += abs(number).to_bytes(length, "little")
    return np.frombuffer(bytes(data), np.uint8)


@given(numbers)
def test_what_was_written_is_read(numbers: list[int]) -> None:
    assert read_numbers(written(numbers)).tolist() == numbers


@pytest.mark.parametrize("block", [1, 7, 1000, 1 << 21])
@pytest.mark.parametrize("part", [1, 64, 2048])
def test_parts_and_blocks_give_what_the_whole_gives(
    block: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = np.random.default_rng(0).integers(-LARGEST, LARGEST, 1500).tolist()
    monkeypatch.setattr(dlib_file_format, "_BLOCK", block)
    monkeypatch.setattr(dlib_file_format, "_PART", part)
    assert read_numbers(written(some)).tolist() == some


def test_a_number_starts_where_the_one_before_it_ends() -> None:
    starts, end = number_starts(written([0, 300, -70_000, 5]))
    assert np.flatnonzero(starts).tolist() == [0, 2, 5, 9]
    assert end == len(starts)


def test_the_last_number_may_reach_past_the_data() -> None:
    starts, end = number_starts(written([0, 70_000])[:-1])
    assert np.flatnonzero(starts).tolist() == [0, 2]
    assert end == len(starts) + 1


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_number_that_is_cut_off_is_an_error(cut: int) -> None:
    with pytest.raises(ValueError, match="cut off"):
        read_numbers(written([7, 1_000_000])[:-cut])


def test_a_number_of_more_bytes_than_a_mantissa_has_is_an_error() -> None:
    with pytest.raises(ValueError, match="too large"):
        read_numbers(written([1 << 24]))


def test_fractions_are_mantissas_times_powers_of_two() -> None:
    pairs = np.array([[3, -1], [-5, 2], [0, 0], [LARGEST, -24]], np.int32)
    assert fractions(pairs).tolist() == [1.5, -20.0, 0.0, pytest.approx(LARGEST / (1 << 24))]
