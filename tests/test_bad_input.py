"""What users have in their folders, and on their disks: a clear error, and nothing lost."""

import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from deepfake_dataset.commands.extract import extract_faces
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import DatasetWriteError, SourceError
from deepfake_dataset.records import Video
from deepfake_dataset.sources import known_files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def videos(tmp_path: Path, make_video: Callable[..., Path]) -> Path:
    """A folder with one sound video, which must be extracted whatever lies beside it."""
    make_video(tmp_path / "videos" / "sound.mp4", 3)
    return tmp_path / "videos"


@pytest.fixture
def recorded(
    videos: Path, ds: Path, dsbuild: Callable[..., Any], in_process: list[str]
) -> Callable[[], dict[str, Video]]:
    """Extract the folder; gives its records by path, once the sound video's is as it should be."""

    def run() -> dict[str, Video]:
        ran = dsbuild("extract", videos, "-d", ds)
        assert "Traceback" not in ran.err
        assert "fault of dsbuild" not in ran.err
        records = {video.path: video for video in Dataset.open(ds).videos()}
        sound = records.pop("sound.mp4")
        assert (sound.status, sound.stream.frames) == ("ok", 3)
        failed = any(video.status == "failed" for video in records.values())
        assert ran.code == (2 if failed else 0)
        assert dsbuild("status", "-d", ds).code == 0
        return records

    return run


# Files that are no videos, or no longer


HUGE = 16000
"""Pixels a side: FFmpeg itself would take it, and half a gigabyte a frame with it."""


def empty(path: Path, _: object) -> None:
    path.touch()


def a_text(path: Path, _: object) -> None:
    path.write_text("a text, not a video\n" * 100)


def some_bytes(path: Path, _: object) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(100_000))


def sound_only(path: Path, _: object) -> None:
    with av.open(path, "w") as file:
        stream: Any = file.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        file.mux([*stream.encode(frame), *stream.encode(None)])


def a_cover_picture(path: Path, _: object) -> None:
    sound_only(path, None)
    cover = path.with_name("with cover.mp4")
    with av.open(path) as source, av.open(cover, "w") as file:
        sound = file.add_stream_from_template(source.streams[0])
        picture: Any = file.add_stream("png", rate=1)
        picture.width = picture.height = 64
        picture.pix_fmt = "rgb24"
        picture.disposition = av.stream.Disposition.attached_pic
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = sound
                file.mux(packet)
        shown = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        file.mux([*picture.encode(shown), *picture.encode(None)])
    cover.replace(path)


def cut_before_its_index(path: Path, make_video: Callable[..., Path]) -> None:
    """An MP4 has its index at the end unless it was made for streaming."""
    data = make_video(path, 10).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def no_frames(path: Path, _: object) -> None:
    with av.open(path, "w") as file:
        stream: Any = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        file.start_encoding()


def frames_of_zeros(path: Path, make_video: Callable[..., Path]) -> None:
    data = bytearray(make_video(path, 10).read_bytes())
    start = data.index(b"mdat") + 4
    size = struct.unpack(">I", data[start - 8 : start - 4])[0] - 8
    data[start : start + size] = bytes(size)
    path.write_bytes(data)


def enormous_header(path: Path, make_video: Callable[..., Path]) -> None:
    make_video(path, 3, codec="rawvideo", container="avi")
    _patch(path, struct.pack("<ii", 64, 48), struct.pack("<ii", HUGE, HUGE))


def enormous_png(path: Path, make_video: Callable[..., Path]) -> None:
    """The header of the container stays small: the frames alone are enormous."""
    make_video(path, 3, codec="png", pixel_format="rgb24", container="mov")
    _patch(path, b"IHDR" + struct.pack(">II", 64, 48), b"IHDR" + struct.pack(">II", HUGE, HUGE))


def enormous_vp8(path: Path, make_video: Callable[..., Path]) -> None:
    make_video(path, 3, codec="libvpx", container="ivf")
    start = b"\x9d\x01\x2a"
    _patch(path, start + struct.pack("<HH", 64, 48), start + struct.pack("<HH", HUGE, HUGE))


def _patch(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (empty, "empty-file"),
        (a_text, "not-a-video"),
        (some_bytes, "not-a-video"),
        (sound_only, "no-video-stream"),
        (a_cover_picture, "no-video-stream"),
        (cut_before_its_index, "not-a-video"),
        (no_frames, "no-video-stream"),
        (frames_of_zeros, "no-frames"),
        (enormous_header, "frame-too-large|no-frames"),
        (enormous_png, "frame-too-large|no-frames"),
        (enormous_vp8, "frame-too-large|no-frames"),
    ],
)
def test_a_file_that_is_no_sound_video_has_a_record_that_says_why(
    make, code, videos, recorded, make_video, dsbuild, ds
):
    make(videos / "bad.mp4", make_video)
    bad = recorded()["bad.mp4"]
    assert bad.status == "failed"
    assert re.fullmatch(code, bad.error)
    assert bad.message
    assert (bad.scenes, bad.faces, bad.misses) == ((), (), ())
    told = dsbuild("errors", "-d", ds).err
    assert re.search(rf"^bad.mp4\n  ({code}): .+\n  hint: .+$", told, re.MULTILINE)


def test_frames_larger_than_the_settings_take_are_refused(videos, ds, dsbuild):
    extract_faces([videos], ds, max_frame_megapixels=0.003)
    (video,) = Dataset.open(ds).videos()
    assert video.error == "frame-too-large"
    assert video.message == "frames of 64×48 pixels, more than 0.003 million"


PEAK_OF_DECODING = """
import re, sys
from pathlib import Path
from deepfake_dataset.errors import FrameTooLargeError
from deepfake_dataset.video.decode import Decoder

def peak_kb():
    return int(re.search(r"VmPeak: *\t* *([0-9]+) kB", Path("/proc/self/status").read_text())[1])

before = peak_kb()
try:
    with Decoder(Path(sys.argv[1]), 70_000_000) as decoder:
        assert list(decoder.frames()) == []
except FrameTooLargeError:
    pass
print((peak_kb() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak is not told")
@pytest.mark.parametrize(
    "make",
    [
        enormous_header,
        enormous_png,
        enormous_vp8,
    ],
)
def test_absurd_dimensions_are_refused_before_memory_is_taken(make, tmp_path, make_video):
    make(tmp_path / "bad.mp4", make_video)
    command = [sys.executable, "-c", PEAK_OF_DECODING, str(tmp_path / "bad.mp4")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert int(ran.stdout) < 50


@pytest.mark.parametrize("container", ["mpegts", "matroska"])
def test_a_video_that_was_cut_short_gives_what_there_is(container, videos, recorded, make_video):
    data = make_video(videos / "cut.mkv", 40, container=container).read_bytes()
    (videos / "cut.mkv").write_bytes(data[: len(data) // 2])
    cut = recorded()["cut.mkv"]
    assert cut.status == "ok"
    assert 5 < cut.stream.frames < 40
    assert cut.scenes[-1].end_frame == cut.stream.frames


def test_a_video_with_a_wrong_ending_is_a_video(videos, recorded, make_video):
    make_video(videos / "x.mp4", 3, seed=1, container="matroska")
    assert recorded()["x.mp4"].stream.container == "matroska,webm"


# Files that cannot be read


def dangling(path: Path, _: object) -> None:
    path.symlink_to("nowhere")


def loop(path: Path, _: object) -> None:
    path.symlink_to(path.name)


def a_pipe(path: Path, _: object) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (dangling, "No such file or directory"),
        (loop, "Too many levels of symbolic links"),
        (a_pipe, "not a regular file"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_record_that_says_why(
    make, reason, videos, recorded, make_video
):
    make(videos / "bad.mp4", make_video)
    bad = recorded()["bad.mp4"]
    assert (bad.status, bad.error, bad.message) == ("failed", "unreadable", reason)


def test_a_file_that_may_not_be_read_has_a_record_that_says_so(
    videos, recorded, make_video, monkeypatch
):
    make_video(videos / "secret.mp4", 3, seed=1)
    open_ = Path.open

    def denied(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "secret.mp4":
            raise PermissionError(13, "Permission denied")
        return open_(path, *args, **kwargs)

    monkeypatch.setattr(known_files.Path, "open", denied)
    secret = recorded()["secret.mp4"]
    assert (secret.error, secret.message) == ("unreadable", "Permission denied")


@pytest.mark.usefixtures("in_process")
def test_a_file_that_goes_away_during_the_run_has_a_record_that_says_so(videos, ds):
    extract_faces(
        [videos], ds, on_progress=lambda _: (videos / "sound.mp4").unlink(missing_ok=True)
    )
    (video,) = Dataset.open(ds).videos()
    assert (video.path, video.error) == ("sound.mp4", "unreadable")
    assert "No such file" in video.message


def test_a_folder_named_like_a_video_is_a_folder(videos, recorded, make_video):
    make_video(videos / "folder.mp4" / "inside.mp4", 3, seed=1)
    assert list(recorded()) == ["folder.mp4/inside.mp4"]


def test_links_that_lead_in_a_circle_end(videos, recorded):
    (videos / "again").symlink_to(".")
    (videos / "below").mkdir()
    (videos / "below" / "up").symlink_to("..")
    assert recorded() == {}


# Names


NAMES = [
    b"with space.mp4",
    b"new\nline.mp4",
    b"-d.mp4",
    b"--json.mp4",
    b"caf\xc3\xa9 \xf0\x9f\x8e\xac.mp4",
    b"not utf-8 \xff\xfe.mp4",
    b"file:concat:a|b.mp4",
    b"http:x.mp4",
    b"%03d [a] *?.mp4",
    b"{x} $HOME 'quoted\".mp4",
    b"back\\slash.mp4",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_any_name_will_do(name, named, tmp_path, ds, make_video, dsbuild, in_process, monkeypatch):
    made = make_video(tmp_path / "plain.mp4", 3)
    (tmp_path / "v").mkdir()
    try:
        made.rename(tmp_path / "v" / os.fsdecode(name))
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    monkeypatch.chdir(tmp_path / "v")
    ran = dsbuild("extract", "-d", ds, "--json", "--", os.fsdecode(name) if named else ".")
    assert (ran.code, ran.json["done"]["cells"][0]["status"]) == (0, "ok")
    (video,) = Dataset.open(ds).videos()
    assert video.path == name.decode("utf-8", "backslashreplace")
    assert dsbuild("sheet", "-d", ds, "--", os.fsdecode(name)).code == 0


def test_any_name_will_do_in_a_process_of_its_own(tmp_path, ds, make_video):
    (tmp_path / "v").mkdir()
    for number, name in enumerate(NAMES):
        made = make_video(tmp_path / "plain.mp4", 3, seed=number)
        try:
            made.rename(tmp_path / "v" / os.fsdecode(name))
        except OSError:
            made.unlink()
    ran = subprocess.run(
        [sys.executable, "-m", "deepfake_dataset", "extract", tmp_path / "v", "-d", ds],
        cwd=ROOT,
        capture_output=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    assert (ran.returncode, ran.stdout) == (0, b"")
    assert {video.status for video in Dataset.open(ds).videos()} == {"ok"}


@pytest.mark.usefixtures("in_process")
def test_a_dataset_may_have_any_name(videos, tmp_path, dsbuild):
    for name in (b"with space", b"new\nline", b"--", b"key=value", b"\xff"):
        ds = tmp_path / "sets" / os.fsdecode(name)
        try:
            ds.mkdir(parents=True)
        except OSError:
            continue
        assert dsbuild("extract", videos, "-d", ds).code == 0
        assert dsbuild("status", "-d", ds).code == 0
        assert dsbuild("sheet", "sound.mp4", "-d", ds).code == 0


# What was named


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing", "-d", "ds"], "cannot find 'missing': No such file or directory"),
        (["none", "-d", "ds"], "no videos in none"),
        (["others", "-d", "ds"], r"no videos in others \(1 other files\)"),
        (["videos", "-d", "others"], "others is not a dataset, and not empty"),
        (["videos", "-d", "others/a.txt"], "others/a.txt is not a dataset, and not empty"),
        (
            ["videos", "-d", "others/a.txt/ds"],
            "cannot write to others/a.txt/ds/dsbuild.toml: Not a directory",
        ),
        (["videos", "-d", "loop"], "loop"),
        (["videos", "-d", "x" * 300], "x{300}"),
        (["videos", "-d", "ds", "--labels", "missing.csv"], "missing.csv"),
        (["videos", "-d", "ds", "--labels", "others/a.txt"], "others/a.txt"),
        (["videos", "-d", "ds", "--size", "5"], "size_px = 5 is not allowed"),
        (["videos", "-d", "ds", "--margin", "nan"], "margin = nan is not allowed"),
        (["videos", "-d", "ds", "--detector", "hgo"], "detector = 'hgo' is not allowed"),
        (["videos", "-d", "ds", "--landmarks", "30"], "landmarks = 30 is not allowed"),
        (["videos", "-d", "ds", "--min-size", "99999x1"], "min_width = 99999 is not allowed"),
    ],
)
@pytest.mark.usefixtures("in_process")
def test_what_cannot_be_done_is_told_with_a_hint(
    arguments, message, videos, tmp_path, dsbuild, monkeypatch, contents
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "none").mkdir()
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "a.txt").write_text("something else")
    (tmp_path / "loop").symlink_to("loop")
    before = contents(tmp_path / "others"), contents(videos)
    ran = dsbuild("extract", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert re.fullmatch(rf"error: .*{message}.*\nhint: .+\n", ran.err), ran.err
    assert (contents(tmp_path / "others"), contents(videos)) == before


@pytest.mark.parametrize("command", ["status", "errors", "sheet"])
def test_a_folder_that_is_no_dataset_is_told_by_every_command(command, videos, dsbuild):
    for place in (videos, videos / "missing", videos / "sound.mp4"):
        ran = dsbuild(command, "-d", place)
        assert ran.code == 1
        assert re.fullmatch(rf"error: {place} is not a dataset: .+\nhint: .+\n", ran.err)


@pytest.mark.parametrize("command", [["extract", "."], ["status"], ["errors"], ["sheet"]])
def test_faulty_settings_are_told_by_every_command(command, ds, dataset, dsbuild):
    (ds / "dsbuild.toml").write_text("# ours\n[extract]\nsise_px = 256\n")
    ran = dsbuild(*command, "-d", ds)
    place = ds / "dsbuild.toml"
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"error: {place}, line 3: unknown key in [extract]: sise_px\nhint: did you mean size_px?\n"
    )


@pytest.mark.parametrize("command", [["extract", "videos"], ["status"], ["errors"], ["sheet"]])
@pytest.mark.usefixtures("in_process")
def test_a_damaged_record_is_told_by_every_command(
    command, videos, ds, dsbuild, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    dsbuild("extract", "videos", "-d", ds)
    (damaged,) = (ds / "videos").iterdir()
    damaged.write_bytes(b"something else")
    ran = dsbuild(*command, "-d", ds)
    assert (ran.code, ran.out) == (1, "")
    assert f"{damaged} is damaged" in ran.err
    damaged.unlink()
    assert dsbuild("extract", "videos", "-d", ds, "--json").json["done"]["videos"] == 1


# Disks


def test_a_disk_that_fills_up_ends_the_run_and_keeps_what_is_committed(
    small_disk, face_video, make_video, tmp_path
):
    for name in ("b", "c", "d"):
        copy = tmp_path / "v" / f"{name}.mp4"
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(face_video.read_bytes() + name.encode())
    make_video(tmp_path / "v" / "a.mp4", 3)
    ds = small_disk("1m") / "ds"
    with pytest.raises(DatasetWriteError, match="No space left on device") as caught:
        extract_faces([tmp_path / "v"], ds, workers=1)
    assert "free some space" in caught.value.hint
    dataset = Dataset.open(ds)
    kept = {video.path: video for video in dataset.videos()}
    assert "a.mp4" in kept
    assert len(kept) < 4
    for video in kept.values():
        for face in video.faces:
            assert dataset.face_path(video.video_id, face.face_id).stat().st_size > 0
    shutil.rmtree(ds / "faces", ignore_errors=True)


@pytest.mark.usefixtures("in_process")
def test_a_dataset_on_a_read_only_disk_can_be_looked_at_but_not_added_to(
    small_disk, videos, dsbuild
):
    disk = small_disk("1m")
    ds = disk / "ds"
    dsbuild("extract", videos, "-d", ds)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for command in ("status", "errors"):
        assert dsbuild(command, "-d", ds).code == 0
    for command in (["extract", videos], ["sheet", "sound.mp4"]):
        ran = dsbuild(*command, "-d", ds)
        assert (ran.code, ran.out) == (1, "")
        assert re.fullmatch(
            r"error: cannot write to .+: Read-only file system\n"
            r"hint: its disk is mounted read-only\n",
            ran.err,
        )
    ran = dsbuild("extract", videos, "-d", disk / "new")
    assert (ran.code, "Read-only file system" in ran.err) == (1, True)


@pytest.mark.parametrize("source", ["nowhere", "empty"])
def test_a_mistyped_source_leaves_no_dataset_behind(source, tmp_path, ds):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        extract_faces([tmp_path / source], ds)
    assert not ds.exists()
