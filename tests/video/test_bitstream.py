from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfake_dataset.video.bitstream import is_disposable, length_bytes

Picture = NDArray[np.uint8]
WriteFilm = Callable[..., Path]

DELIMITER, PARAMETERS, REMARK = b"\x09\x10", b"\x67\x64\x00", b"\x06\x05\xff"
REFERRED, FOR_SHOW, KEY = b"\x41\x9a\x02", b"\x01\x9e\x03", b"\x65\x88\x04"


def with_lengths(units: Sequence[bytes], size: int = 4) -> memoryview:
    return memoryview(b"".join(len(unit).to_bytes(size, "big") + unit for unit in units))


def with_start_codes(units: Sequence[bytes]) -> memoryview:
    return memoryview(b"".join(b"\x00\x00\x00\x01" + unit for unit in units))


@pytest.mark.parametrize(
    ("extradata", "size"),
    [
        (None, 0),
        (b"", 0),
        (b"\x00\x00\x00\x01\x67\x64", 0),
        (b"\x01\x64\x00\x1f\xff\xe1", 4),
        (b"\x01\x64\x00\x1f\xfd\xe1", 2),
        (b"\x01\x64\x00", 0),
    ],
)
def test_units_have_lengths_where_the_stream_says_so(extradata: bytes | None, size: int) -> None:
    assert length_bytes(extradata) == size


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([FOR_SHOW], True),
        ([REFERRED], False),
        ([b"\x21\x9a\x02"], False),
        ([KEY], False),
        ([DELIMITER, REMARK, FOR_SHOW, FOR_SHOW], True),
        ([DELIMITER, PARAMETERS, KEY], False),
        ([DELIMITER, REMARK], False),
        ([], False),
    ],
)
def test_the_first_slice_decides(units: list[bytes], expected: bool) -> None:
    assert is_disposable(with_start_codes(units), 0) is expected
    for size in (1, 2, 4):
        assert is_disposable(with_lengths(units, size), size) is expected


def test_a_long_remark_is_stepped_over_where_lengths_are_given() -> None:
    assert is_disposable(with_lengths([b"\x06" + b"x" * 60_000, FOR_SHOW]), 4)


@given(st.binary(max_size=200), st.sampled_from([0, 1, 2, 4]))
def test_any_bytes_get_an_answer(data: bytes, lengths: int) -> None:
    assert is_disposable(memoryview(data), lengths) in (True, False)


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize("pyramid", ["none", "normal"])
def test_the_decoder_leaves_out_the_same_frames_as_not_needed(
    container: str, pyramid: str, tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    options = {"bf": "3", "x264-params": f"b-pyramid={pyramid}:b-adapt=0:scenecut=0"}
    path = write_film(tmp_path / f"film.{container}", drifting, options=options)
    with av.open(path) as file:
        stream = file.streams.video[0]
        lengths = length_bytes(stream.codec_context.extradata)
        packets = [packet for packet in file.demux(stream) if packet.size]
        frame_needs = sum(not is_disposable(memoryview(packet), lengths) for packet in packets)
    with av.open(path) as file:
        stream = file.streams.video[0]
        stream.codec_context.skip_frame = "NONREF"
        decoded = sum(1 for _ in file.decode(stream))
    assert len(packets) == len(drifting)
    assert frame_needs == decoded < len(drifting)
