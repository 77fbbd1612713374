"""Streams that are encrypted, as Common Encryption in MP4 and as a track's encoding in Matroska."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import EncryptedError
from deepfake_dataset.extract import extract_video
from deepfake_dataset.records import Provenance, VideoFile
from deepfake_dataset.settings import Settings
from deepfake_dataset.video.decode import Decoder

Picture = NDArray[np.uint8]
WriteFilm = Callable[..., Path]
MakeEncrypted = Callable[[Path, WriteFilm, list[Picture]], Path]
KEY = "0123456789abcdef0123456789abcdef"

# Matroska's names of elements.
_EBML, _SEGMENT, _TRACKS, _TRACK = "1a45dfa3", "18538067", "1654ae6b", "ae"
_CLUSTER, _BLOCK = "1f43b675", "a3"
_INDEXES = {"114d9b74", "1c53bb6b", "ec"}
_BLOCK_HEADER = 4


def encrypted_mp4(folder: Path, write_film: WriteFilm, pictures: list[Picture]) -> Path:
    clear, path = write_film(folder / "clear.mp4", pictures), folder / "encrypted.mp4"
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": KEY,
        "encryption_kid": KEY[::-1],
    }
    with av.open(clear) as source, av.open(path, "w", options=options) as file:
        stream = file.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                file.mux(packet)
    return path


def encrypted_mkv(folder: Path, write_film: WriteFilm, pictures: list[Picture]) -> Path:
    """FFmpeg writes none: the track is given a key and its packets are scrambled."""
    clear = write_film(folder / "clear.mkv", pictures).read_bytes()
    (_, head), (_, segment) = _children(clear)
    parts = (
        _element(name, _encrypted(name, body))
        for name, body in _children(segment)
        if name not in _INDEXES
    )
    path = folder / "encrypted.mkv"
    path.write_bytes(_element(_EBML, head) + _element(_SEGMENT, b"".join(parts)))
    return path


def _encrypted(name: str, body: bytes) -> bytes:
    if name == _TRACKS:
        return b"".join(
            _element(inner, part + _content_encodings() if inner == _TRACK else part)
            for inner, part in _children(body)
        )
    if name == _CLUSTER:
        noise = np.random.default_rng(0)
        return b"".join(
            _element(
                inner,
                part[:_BLOCK_HEADER] + noise.bytes(len(part)) if inner == _BLOCK else part,
            )
            for inner, part in _children(body)
        )
    return body


def _content_encodings() -> bytes:
    """ContentEncodings: one of all frames, by encryption with AES and a key's id."""
    key = _element("5035", _element("47e1", b"\x05") + _element("47e2", bytes.fromhex(KEY)))
    how = _element("5031", b"\0") + _element("5032", b"\1") + _element("5033", b"\1") + key
    return _element("6d80", _element("6240", how))


def _element(name: str, body: bytes) -> bytes:
    return bytes.fromhex(name) + (len(body) | 1 << 56).to_bytes(8) + body


def _children(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(data):
        name_end = at + _length(data[at])
        start = name_end + _length(data[name_end])
        size = int.from_bytes(data[name_end:start]) & (1 << 7 * (start - name_end)) - 1
        yield data[at:name_end].hex(), data[start : start + size]
        at = start + size


def _length(first: int) -> int:
    """Bytes of a number whose first byte this is."""
    return 9 - first.bit_length()


@pytest.fixture(params=[encrypted_mp4, encrypted_mkv])
def encrypted(
    request: pytest.FixtureRequest, tmp_path: Path, write_film: WriteFilm, astronaut: Picture
) -> Path:
    make: MakeEncrypted = request.param
    return make(tmp_path, write_film, [np.roll(astronaut, 4 * i, axis=1) for i in range(12)])


def test_an_encrypted_stream_is_called_that(encrypted: Path) -> None:
    with Decoder(encrypted, 10**8) as decoder:
        assert not list(decoder.frames())
        with pytest.raises(EncryptedError, match="encrypted"):
            decoder.raise_if_encrypted()


def test_its_record_says_so(encrypted: Path, tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "dataset", Settings())
    size = encrypted.stat().st_size
    file = VideoFile("0" * 16, str(encrypted), encrypted.name, size, Provenance())
    assert extract_video(file, dataset).error == "encrypted"


@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_a_clear_one_is_not(
    container: str, tmp_path: Path, write_film: WriteFilm, astronaut: Picture
) -> None:
    path = write_film(tmp_path / f"clear.{container}", [astronaut] * 3)
    with Decoder(path, 10**8) as decoder:
        assert len(list(decoder.frames())) == 3
        decoder.raise_if_encrypted()
