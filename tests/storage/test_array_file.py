from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfake_dataset.storage.array_file import map_arrays, write_arrays

KINDS = st.sampled_from([np.dtype(kind) for kind in ("u1", "<i2", "<i8", "<f4", "<f8", "?")])


@given(
    st.lists(KINDS.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_side=0, max_dims=3))))
)
def test_arrays_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, arrays: list[np.ndarray]
) -> None:
    path = tmp_path_factory.mktemp("arrays") / "some.arrays"
    write_arrays(path, arrays, {"file": [1, 2]})
    mapped, about = map_arrays(path)
    assert about == {"file": [1, 2]}
    assert [array.dtype for array in mapped] == [array.dtype for array in arrays]
    for one, other in zip(mapped, arrays, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_mapped_cannot_be_changed(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a", [np.arange(3)], {})
    (mapped,), _ = map_arrays(tmp_path / "a")
    with pytest.raises(ValueError, match="read-only"):
        mapped[0] = 1


def test_large_arrays_begin_where_the_widest_instructions_want_them(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a", [np.zeros(3, np.uint8), np.zeros(5), np.zeros(7)], {})
    mapped, _ = map_arrays(tmp_path / "a")
    assert [array.ctypes.data % 64 for array in mapped] == [0, 0, 0]


def _cut(data: bytes) -> bytes:
    return data[:-1]


def _longer(data: bytes) -> bytes:
    return data + b"\0"


def _flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


def _no_line(data: bytes) -> bytes:
    return data.replace(b"\n", b" ", 1)


def _other_line(data: bytes) -> bytes:
    return b"{}\n" + data


def _a_list(data: bytes) -> bytes:
    return b"[]\n" + data


@pytest.mark.parametrize(
    "damage", [_cut, _longer, _flipped, _no_line, _other_line, _a_list, lambda _: b"", bytes.hex]
)
def test_a_damaged_file_is_an_error(damage: Callable[[bytes], bytes | str], tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_arrays(path, [np.arange(100.0)], {})
    data = damage(path.read_bytes())
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(ValueError, match=r"."):
        map_arrays(path)


def test_a_missing_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        map_arrays(tmp_path / "none")
