import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset.errors import (
    EmptyFileError,
    FrameTooLargeError,
    NotAVideoError,
    NoVideoStreamError,
    UnreadableError,
    VideoError,
)
from deepfake_dataset.video.decode import Decoder, Tally
from deepfake_dataset.video.frame import Frame
from deepfake_dataset.video.frame_skipping import FrameNeeds

Picture = NDArray[np.uint8]
WriteFilm = Callable[..., Path]
NO_LIMIT = 10**9


def read(path: Path, most_pixels: int = NO_LIMIT) -> tuple[list[Frame], Tally]:
    with Decoder(path, most_pixels) as decoder:
        return list(decoder.frames()), decoder.tally


def brightest_corner(frame: Frame) -> str:
    luma = frame.luma(frame.whole).pixels.astype(float)
    half_h, half_w = luma.shape[0] // 2, luma.shape[1] // 2
    corners = {
        "top left": luma[:half_h, :half_w],
        "top right": luma[:half_h, half_w:],
        "bottom left": luma[half_h:, :half_w],
        "bottom right": luma[half_h:, half_w:],
    }
    return max(corners, key=lambda name: float(corners[name].mean()))


@pytest.fixture
def marked() -> list[Picture]:
    """Dark pictures of 64 × 48 whose top left quarter is bright."""
    picture = np.full((48, 64, 3), 20, np.uint8)
    picture[:24, :32] = 230
    return [picture] * 3


@pytest.mark.parametrize(
    ("rotation", "size", "corner", "turns"),
    [
        (0, (64, 48), "top left", 0),
        (90, (48, 64), "bottom left", 3),
        (180, (64, 48), "bottom right", 2),
        (270, (48, 64), "top right", 1),
        (-90, (48, 64), "top right", 1),
    ],
)
def test_rotation_metadata_counts_anticlockwise_and_is_applied(
    rotation: int,
    size: tuple[int, int],
    corner: str,
    turns: int,
    tmp_path: Path,
    write_film: WriteFilm,
    marked: list[Picture],
) -> None:
    frames, _ = read(write_film(tmp_path / "turned.mp4", marked, rotation=rotation))
    assert (frames[0].width, frames[0].height) == size
    assert brightest_corner(frames[0]) == corner
    assert frames[0].turns == turns


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (Fraction(2, 1), (128, 48)),
        (Fraction(1, 2), (64, 96)),
        (Fraction(4, 3), (85, 48)),
        (Fraction(9, 1), (64, 48)),  # damage, not anamorphic video
    ],
)
@pytest.mark.parametrize("container", ["mp4", "mkv"])
def test_the_sample_aspect_ratio_is_applied(
    aspect: Fraction,
    size: tuple[int, int],
    container: str,
    tmp_path: Path,
    write_film: WriteFilm,
    drifting: list[Picture],
) -> None:
    path = write_film(tmp_path / f"squeezed.{container}", drifting, sample_aspect=aspect)
    frame = read(path)[0][0]
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [
        ("libx264", "yuv420p"),
        ("libx264", "yuvj420p"),
        ("libx264", "yuv422p"),
        ("libx264", "yuv444p"),
        ("libx264", "yuv420p10le"),
        ("libx264", "yuv422p10le"),
        ("libx264", "yuv444p10le"),
        ("ffv1", "yuv420p12le"),
        ("ffv1", "yuva420p"),
        ("ffv1", "yuv410p"),
        ("ffv1", "yuv411p"),
        ("ffv1", "gray"),
        ("ffv1", "gray16le"),
        ("ffv1", "bgr0"),
        ("ffv1", "gbrp16le"),
    ],
)
def test_every_pixel_format_gives_the_picture_that_was_filmed(
    codec: str, pixels: str, tmp_path: Path, write_film: WriteFilm, astronaut: Picture
) -> None:
    picture = astronaut[80:180, 160:300]
    path = write_film(tmp_path / "deep.mkv", [picture] * 2, codec=codec, pixels=pixels)
    with Decoder(path, NO_LIMIT) as decoder:
        frame = next(decoder.frames())
        assert decoder.pixel_format == pixels
    shown = frame.rgb(frame.whole).pixels.astype(float)
    expected = picture.astype(float)
    if "gray" in pixels:
        expected = np.repeat(expected @ [[0.299], [0.587], [0.114]], 3, axis=2)
    assert np.abs(shown - expected).mean() < 6


def test_a_png_stream_is_read_as_full_range(
    tmp_path: Path, write_film: WriteFilm, marked: list[Picture]
) -> None:
    path = write_film(tmp_path / "png.mov", marked, codec="png", pixels="rgb24")
    frame = read(path)[0][0]
    assert set(np.unique(frame.luma(frame.whole).pixels)) == {20, 230}


def test_times_are_those_of_a_variable_rate(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    times = [0, 40, 80, 200, 240, 1000, 1040, 1080, 1100, 1200, 1210, 2000]
    with Decoder(write_film(tmp_path / "vfr.mkv", drifting, times_ms=times), NO_LIMIT) as decoder:
        frames = list(decoder.frames())
        assert [frame.time_s for frame in frames] == pytest.approx([t / 1000 for t in times])
        assert decoder.fps == pytest.approx(11 / 2)
        assert decoder.end_s == pytest.approx(2 + 2 / 11)


@pytest.mark.parametrize(
    ("container", "start_ms"),
    [("avi", 0), *((name, start) for name in ("mp4", "mkv", "ts", "mov") for start in (0, 7000))],
)
def test_times_start_at_zero_and_never_go_backwards(
    container: str,
    start_ms: int,
    tmp_path: Path,
    write_film: WriteFilm,
    drifting: list[Picture],
) -> None:
    times = [start_ms + 40 * n for n in range(len(drifting))]
    codec = "mpeg4" if container == "avi" else "libx264"
    path = write_film(tmp_path / f"late.{container}", drifting, times_ms=times, codec=codec)
    frames, tally = read(path)
    assert len(frames) == tally.frames == len(drifting)
    assert frames[0].time_s == 0
    assert all(a.time_s <= b.time_s for a, b in pairwise(frames))
    assert frames[-1].time_s == pytest.approx(0.44, abs=0.01)


def test_timestamps_out_of_order_never_turn_time_back(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    ordered = write_film(tmp_path / "ordered.mkv", drifting, codec="ffv1")
    path = tmp_path / "disordered.mkv"
    with av.open(ordered) as source, av.open(path, "w") as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.dts is not None:
                packet.stream = copy
                packet.pts = packet.dts + (80 if number == 4 else 0)
                target.mux(packet)
    times = [frame.time_s for frame in read(path)[0]]
    expected = [0, 0.04, 0.08, 0.12, 0.24, 0.24, 0.24, 0.28, 0.32, 0.36, 0.4, 0.44]
    assert times == pytest.approx(expected)


def test_time_goes_on_where_recordings_were_joined_and_count_anew(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    times = [250 * n for n in range(len(drifting))]
    part = write_film(tmp_path / "part.ts", drifting, times_ms=times).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(part + part)
    steps = [later.time_s - earlier.time_s for earlier, later in pairwise(read(path)[0])]
    assert len(steps) == 23
    assert min(steps) > 0
    assert max(steps) <= 0.26


def test_an_edit_list_that_hides_the_first_frames_is_followed(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    whole = write_film(tmp_path / "whole.mp4", drifting, options={"g": "1", "bf": "0"})
    cut = tmp_path / "cut.mp4"
    with av.open(whole) as source, av.open(cut, "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                packet.pts -= round(0.16 / packet.time_base)
                packet.dts -= round(0.16 / packet.time_base)
                target.mux(packet)
    frames, _ = read(cut)
    assert len(frames) == len(drifting) - 4
    assert frames[0].time_s == 0


def test_every_frame_has_the_type_that_the_codec_gave_it(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    options = {"bf": "2", "x264-params": "scenecut=0:b-adapt=0:keyint=250"}
    frames, _ = read(write_film(tmp_path / "b.mp4", drifting, options=options))
    assert "".join(frame.frame_type for frame in frames) == "IBBPBBPBBPBP"
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.pts for frame in frames] == sorted(frame.pts for frame in frames)


def test_a_stream_may_change_its_size_on_the_way(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture], astronaut: Picture
) -> None:
    frames, tally = read(_joined(tmp_path, write_film, drifting, [astronaut[:120, :160]] * 5))
    assert [(f.width, f.height) for f in frames] == [(64, 48)] * 12 + [(160, 120)] * 5
    assert tally.packets_damaged == 0


def test_a_stream_that_grows_past_the_limit_is_refused(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture], astronaut: Picture
) -> None:
    path = _joined(tmp_path, write_film, drifting, [astronaut[:120, :160]] * 5)
    with Decoder(path, 64 * 48) as decoder, pytest.raises(FrameTooLargeError, match="160×120"):
        list(decoder.frames())


def test_a_frame_beyond_the_limit_is_refused_before_it_is_decoded(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    path = write_film(tmp_path / "large.mp4", drifting)
    with pytest.raises(FrameTooLargeError, match=re.escape("64×48")):
        Decoder(path, 64 * 48 - 1)
    assert len(read(path, 64 * 48)[0]) == 12


def _joined(
    folder: Path, write_film: WriteFilm, first: Sequence[Picture], second: Sequence[Picture]
) -> Path:
    """One raw H.264 stream out of two of different sizes."""
    parts = [
        write_film(folder / f"{n}.h264", pictures, container="h264").read_bytes()
        for n, pictures in enumerate((first, second))
    ]
    path = folder / "joined.h264"
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture(scope="module")
def long_shot(astronaut: Picture) -> list[Picture]:
    """180 pictures of 64 × 48 that sway slowly."""
    places = [round(8 + 8 * math.sin(n / 20)) for n in range(180)]
    return [astronaut[100 + x : 148 + x, 180 : 180 + 64] for x in places]


NEED = FrameNeeds(kept=100, apart_s=0.168)
STEADY = {"bf": "2", "x264-params": "b-adapt=0:b-pyramid=none:keyint=250:qp=30"}


def read_needed(path: Path) -> tuple[list[Frame], Tally]:
    with Decoder(path, NO_LIMIT, NEED) as decoder:
        return list(decoder.frames()), decoder.tally


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "mov"])
def test_spared_frames_are_counted_and_change_nothing_about_the_others(
    container: str, tmp_path: Path, write_film: WriteFilm, long_shot: list[Picture]
) -> None:
    path = write_film(tmp_path / f"long.{container}", long_shot, options=STEADY)
    whole, every = read(path)
    frames, tally = read_needed(path)
    assert len(frames) == len(whole) - tally.frames_skipped < len(whole) - 20
    assert replace(tally, frames_skipped=0) == every
    of_index = {frame.index: frame for frame in whole}
    for frame in frames:
        other = of_index[frame.index]
        assert (frame.pts, frame.time_s, frame.frame_type) == (
            other.pts,
            other.time_s,
            other.frame_type,
        )
        shown, expected = frame.rgb(frame.whole).pixels, other.rgb(other.whole).pixels
        assert np.array_equal(shown, expected)


def test_frames_about_a_cut_are_not_spared(
    tmp_path: Path, write_film: WriteFilm, long_shot: list[Picture]
) -> None:
    pictures = [*long_shot[:150], *(picture[:, ::-1] for picture in long_shot[:150])]
    options = STEADY | {"x264-params": STEADY["x264-params"] + ":scenecut=0"}
    frames, tally = read_needed(write_film(tmp_path / "cut.mp4", pictures, options=options))
    assert tally.frames_skipped
    assert set(range(140, 160)) <= {frame.index for frame in frames}


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("interlaced.mp4", "libx264", {"x264-params": "interlaced=1:b-adapt=0", "bf": "2"}),
        ("other.mp4", "mpeg4", {"bf": "2"}),
        ("hevc.mp4", "libx265", {"x265-params": "bframes=2:log-level=none"}),
        ("unstamped.h264", "libx264", STEADY),
        ("all-needed.mp4", "libx264", {"bf": "0"}),
    ],
)
def test_where_it_is_not_known_what_is_needed_nothing_is_spared(
    name: str,
    codec: str,
    options: dict[str, str],
    tmp_path: Path,
    write_film: WriteFilm,
    long_shot: list[Picture],
) -> None:
    path = write_film(tmp_path / name, long_shot, codec=codec, options=options)
    frames, tally = read_needed(path)
    assert tally.frames_skipped == 0
    assert len(frames) == len(long_shot)


def test_after_damage_nothing_is_spared(
    tmp_path: Path, write_film: WriteFilm, long_shot: list[Picture]
) -> None:
    path = write_film(tmp_path / "film.mp4", long_shot, options=STEADY)
    assert read_needed(path)[1].frames_skipped
    with av.open(path) as file:
        first = next(file.demux(video=0))
    assert first.pos is not None
    data = bytearray(path.read_bytes())
    end = first.pos + first.size
    data[end - 200 : end] = np.random.default_rng(0).bytes(200)
    path.write_bytes(data)
    frames, tally = read_needed(path)
    assert tally.packets_damaged + tally.frames_corrupt > 0
    assert tally.frames_skipped == 0
    assert len(frames) == tally.frames - tally.frames_corrupt


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(path, "w") as file:
        _add_sound(file)
    with pytest.raises(NoVideoStreamError):
        Decoder(path, NO_LIMIT)


def test_a_cover_picture_is_no_video(tmp_path: Path, write_film: WriteFilm) -> None:
    picture = write_film(
        tmp_path / "c.mjpeg", [np.zeros((48, 64, 3), np.uint8)], codec="mjpeg", pixels="yuvj420p"
    )
    path = tmp_path / "song.mp4"
    with av.open(path, "w") as file:
        cover: Any = file.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        _add_sound(file)
        with av.open(picture) as source:
            packet = next(source.demux(video=0))
            packet.stream = cover
            file.mux(packet)
    with av.open(path) as file:
        assert file.streams.video
    with pytest.raises(NoVideoStreamError):
        Decoder(path, NO_LIMIT)


def _add_sound(file: Any) -> None:
    stream = file.add_stream("aac", rate=44100)
    for n in range(10):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 44100, 1024 * n
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def test_text_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("these are only words\n" * 100)
    with pytest.raises(NotAVideoError):
        Decoder(path, NO_LIMIT)


def test_random_bytes_are_no_video(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    with pytest.raises((NotAVideoError, NoVideoStreamError)):
        Decoder(path, NO_LIMIT)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "nothing.mp4"
    path.touch()
    with pytest.raises(EmptyFileError):
        Decoder(path, NO_LIMIT)


@pytest.mark.parametrize("name", ["missing.mp4", "folder"])
def test_what_cannot_be_opened_is_unreadable(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnreadableError):
        Decoder(tmp_path / name, NO_LIMIT)


@pytest.mark.parametrize(
    "name",
    [
        "-i.mp4",
        "--help",
        "file:x.mp4",
        "frames-%03d.mp4",
        "concat:a|b.mp4",
        "http:__host_x.mp4",
        "pipe:0",
        "with space\nand newline.mp4",
        "question?mark#hash.mp4",
        "*.mp4",
        "naïve 名前.mp4",
    ],
)
def test_any_name_is_the_name_of_a_file(
    name: str,
    tmp_path: Path,
    write_film: WriteFilm,
    drifting: list[Picture],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_film(tmp_path / "plain.mp4", drifting).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read(Path(name))[0]) == 12
    assert len(read(tmp_path / name)[0]) == 12


def test_a_name_need_not_be_utf_8(
    tmp_path: Path, write_film: WriteFilm, drifting: list[Picture]
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.mp4")
    try:
        write_film(tmp_path / "plain.mp4", drifting).rename(path)
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    assert len(read(path)[0]) == 12


def test_a_playlist_reaches_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")
    with pytest.raises(VideoError):
        read(tmp_path / "list.m3u8")


@pytest.fixture
def long_film(tmp_path: Path, write_film: WriteFilm, astronaut: Picture) -> Path:
    """60 frames of 160 × 120 with a keyframe at every tenth."""
    pictures = [astronaut[60 + n : 180 + n, 120:280] for n in range(60)]
    options = {"g": "10", "bf": "0", "preset": "ultrafast"}
    return write_film(tmp_path / "long.mp4", pictures, options=options)


@pytest.mark.parametrize("seed", range(6))
def test_damage_in_the_middle_costs_only_what_it_hit(long_film: Path, seed: int) -> None:
    data = bytearray(long_film.read_bytes())
    start, end = _payload(data)
    rng = np.random.default_rng(seed)
    at = int(rng.integers(start + (end - start) // 4, start + (end - start) // 2))
    data[at : at + 400] = rng.bytes(400)
    long_film.write_bytes(data)
    frames, tally = read(long_film)
    assert len(frames) >= 30
    assert tally.packets_damaged + tally.frames_corrupt > 0
    assert tally.frames == len(frames) + tally.frames_corrupt
    assert frames[-1].time_s > 2.2
    assert not any(frame.picture.is_corrupt for frame in frames)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_stream_gives_what_is_there(
    share: float, tmp_path: Path, write_film: WriteFilm, astronaut: Picture
) -> None:
    pictures = [astronaut[60 + n : 180 + n, 120:280] for n in range(60)]
    path = write_film(tmp_path / "cut.mkv", pictures, options={"g": "10", "bf": "0"})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    frames, _ = read(path)
    assert 60 * share * 0.5 < len(frames) < 60


def test_an_mp4_without_its_index_is_no_video(long_film: Path) -> None:
    data = long_film.read_bytes()
    long_film.write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError):
        read(long_film)


def _payload(data: bytes | bytearray) -> tuple[int, int]:
    """Where the packets of an MP4 lie."""
    at = data.index(b"mdat")
    return at + 4, at - 4 + int.from_bytes(data[at - 4 : at], "big")
