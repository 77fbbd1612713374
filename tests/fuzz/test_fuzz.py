"""Sound files with changes that nobody would make: read, or refused with a reason.

A few inputs a target, the same each time, by default; ``DSBUILD_FUZZ_INPUTS`` asks for more,
and for others each time. What fails is shrunk and shown as a list of edits.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from deepfake_dataset.commands.extract import ExtractionJob, extract_job
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.dataset.decisions import Action, Decision, append_decisions, read_decisions
from deepfake_dataset.dataset.manifest import SCHEMA, read_manifest
from deepfake_dataset.engine.limits import Limits
from deepfake_dataset.engine.local import LocalEngine
from deepfake_dataset.errors import (
    VIDEO_ERRORS,
    DecisionsError,
    LabelsError,
    ManifestError,
    SettingsError,
    UsageError,
)
from deepfake_dataset.extract import fault_record
from deepfake_dataset.records import Box, Provenance, Video, VideoFile
from deepfake_dataset.settings import Settings, format_settings, parse_settings
from deepfake_dataset.sources.labels_csv import read_labels

pytestmark = pytest.mark.slow

ASKED = os.environ.get("DSBUILD_FUZZ_INPUTS")
_ABSURD = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_OPERATIONS = ("flip", "number", "insert", "cut", "end", "repeat", "swap", "fill")


@dataclass(frozen=True)
class Edit:
    """One change; its place is a share of the length, so that it fits files of any size."""

    what: str
    place: float
    length: int
    value: int

    def made_in(self, data: bytes, tokens: tuple[bytes, ...]) -> bytes:
        """The data with the change made."""
        at = int(self.place * len(data))
        head, span, tail = data[:at], data[at : at + self.length], data[at + self.length :]
        match self.what:
            case "flip":
                return head + bytes([data[at] ^ (1 << self.value % 8)]) + data[at + 1 :]
            case "number":  # as containers hold their sizes, in either order of bytes
                order = "big" if self.value % 2 else "little"
                number = _ABSURD[self.value // 2 % len(_ABSURD)].to_bytes(4, order)
                return head + number + data[at + 4 :]
            case "insert":
                return head + tokens[self.value % len(tokens)] + data[at:]
            case "cut":
                return head + tail
            case "end":
                return head
            case "repeat":
                return head + span * (2 + self.value % 30) + tail
            case "swap":
                return head + tail[: self.length] + span + tail[self.length :]
            case _:
                return head + bytes([self.value % 256]) * len(span) + tail


EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(_OPERATIONS),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 400),
        st.integers(0, 2**16),
    ),
    min_size=1,
    max_size=6,
)


def edited(data: bytes, edits: list[Edit], tokens: tuple[bytes, ...]) -> bytes:
    """The data with all the changes made, one after the other; 4 MB at most."""
    for edit in edits:
        data = edit.made_in(data, tokens)[: 1 << 22] if data else data
    return data


def inputs(usual: int) -> Any:
    """So many inputs, the same ones in every run; or as many others as were asked for."""
    return hypothesis.settings(
        max_examples=int(ASKED) if ASKED else usual,
        derandomize=ASKED is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


# Videos, through a worker with its limits

LIMITS = Limits(time_s=30, memory_mb=1500, file_mb=64, confined=True)
KINDS: dict[str, dict[str, str]] = {
    "a.mp4": {"codec": "libx264"},
    "b.mkv": {"codec": "libx264"},
    "c.webm": {"codec": "libvpx"},
    "d.avi": {"codec": "mpeg4"},
    "e.ts": {"codec": "mpeg2video"},
    "f.mp4": {"codec": "libx265"},
    "g.webm": {"codec": "libvpx-vp9"},
    "h.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
}
BOXES = tuple(
    size.to_bytes(4, "big") + name + bytes(24)
    for size in (0, 1, 8, 32, 0xFFFFFFFF)
    for name in (b"moov", b"trak", b"stsz", b"stts", b"mdat", b"tkhd", b"elst", b"avcC", b"free")
)
PRELOAD = ["deepfake_dataset.extract:load_models"]
ENGINE = LocalEngine(1)
numbers = count()


@pytest.fixture(scope="module", autouse=True)
def _one_server_for_all_inputs() -> Iterator[None]:
    yield
    ENGINE.close()


class Sound(list[bytes]):
    """Videos as they are before any edit; a failure shows the edits and not these."""

    def __repr__(self) -> str:
        return f"{len(self)} videos"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Sound:
    folder = tmp_path_factory.mktemp("sound")
    made = [make_video(folder / name, 12, **how) for name, how in KINDS.items()]
    return Sound(path.read_bytes() for path in made)


@inputs(40)
@given(which=st.integers(0, len(KINDS) - 1), edits=EDITS)
@example(which=0, edits=[Edit("repeat", 0.8125, 139, 0)])  # a stream whose codec is unknown
def test_a_video_gives_one_record_whatever_its_bytes(which, edits, sound, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp() / f"video-{next(numbers)}"
    folder.mkdir()
    path = folder / list(KINDS)[which]
    path.write_bytes(edited(sound[which], edits, BOXES))
    video = extracted(path, Dataset.create(folder / "ds", Settings().override(faces_per_scene=3)))
    if video.error:
        assert video.error in VIDEO_ERRORS
        assert "Error: " not in video.message, video  # an exception that nobody had thought of
        assert video.message
    else:
        assert video.scenes[-1].end_frame == video.stream.frames
    assert sorted(file.name for file in folder.iterdir()) == sorted([path.name, "ds"])


def extracted(path: Path, dataset: Dataset) -> Video:
    """The one record that a worker, or its end, leaves of a file."""
    file = VideoFile("0" * 16, str(path), path.name, path.stat().st_size, Provenance())
    jobs = [ExtractionJob(file, dataset)]
    (outcome,) = ENGINE.run(extract_job, jobs, limits=LIMITS, preload=PRELOAD)
    if outcome.fault is not None:
        dataset.commit(fault_record(file, dataset.settings.extract, outcome.fault))
    (video,) = dataset.videos()
    dataset.sweep()
    assert {p.name for p in dataset.root.iterdir()} <= {"dsbuild.toml", "videos", "faces"}
    helpers = psutil.Process().children()
    assert not [worker for helper in helpers for worker in helper.children(recursive=True)]
    return video


# What people write

WORDS = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b'"', b'""', b"'", b",", b";", b"\t", b"\r", b"\n"),
    *(b"\r\n", b"=1+1", b"\\", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"\xc3", b"nan", b"1e999"),
    *(b"-0", b"inf", b"9" * 400, b"x" * 140_000, b"[", b"]", b"[[", b"{", b"}", b"=", b"#"),
    *(b"'''", b'"' * 3, b".", b"real", b"fake", b"path", b"label", b"../", b"/etc/passwd"),
    *(b"%s", b"true", b"1979-05-27", b"keep", b"undo"),
)


def check(read: Callable[[], object], error: type[UsageError]) -> None:
    """It is read, and read the same way again; or refused with a reason and a hint."""
    refused = None
    try:
        first = read()
    except error as told:
        refused = told
    if refused is None:
        assert repr(first) == repr(read())
    else:
        assert 0 < len(str(refused)) <= 1000
        assert refused.hint


LABELS = (
    b'path,label,method,target,donor\nreal/a.mp4,real,,Ann,\n"b, c.mp4",fake,FaceSwap,Ann,Bob\n'
)


@inputs(300)
@given(edits=EDITS)
def test_a_labels_csv_is_read_or_refused(edits, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "labels.csv"
    path.write_bytes(edited(LABELS, edits, WORDS))
    check(lambda: read_labels(path), LabelsError)


MANIFEST = (",".join(SCHEMA.names) + "\n").encode() + b"".join(
    b"faces/%d.png,%s,FaceSwap,Ann,Bob,0123456789abcdef,0123456789abcdef,p1,0,0,%d,0.04,120.5,"
    b"q1,h264,%s,\n" % (number, label, number, b"ab" * 32)
    for number, label in enumerate((b"real", b"fake", b"real"))
)


@inputs(300)
@given(edits=EDITS)
@example(edits=[Edit("insert", 0.0, 1, WORDS.index(b"x" * 140_000))])  # a cell that csv refuses
def test_a_manifest_is_read_or_refused(edits, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "manifest.csv"
    path.write_bytes(edited(MANIFEST, edits, WORDS))
    check(lambda: read_manifest(path).to_pylist(), ManifestError)


@pytest.fixture(scope="module")
def settings_file() -> bytes:
    return format_settings(Settings())


@inputs(300)
@given(edits=EDITS)
def test_settings_are_read_or_refused(edits, settings_file):
    data = edited(settings_file, edits, WORDS)
    check(lambda: parse_settings(data, "dsbuild.toml"), SettingsError)


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, bytes]:
    dataset = Dataset.create(tmp_path_factory.mktemp("decisions") / "ds", Settings())
    append_decisions(dataset, [decision(*pair) for pair in enumerate(Action)])
    return dataset, (dataset.root / "review" / "decisions.csv").read_bytes()


def decision(number: int, action: Action) -> Decision:
    return Decision(
        time="2026-01-02T03:04:05.678+00:00",
        reviewer="Ann",
        action=action,
        reason="a, b",
        video_id="0123456789abcdef",
        frame=number,
        face_id=f"0123456789abcdef-{number:06d}-0",
        box=Box(1, 2, 3.5, 4),
        before="undecided",
        after="real" if action is Action.RELABEL else "kept",
    )


@inputs(300)
@given(edits=EDITS)
@example(edits=[Edit("flip", 0.0, 1, 7)])  # a header that is not UTF-8
def test_a_log_of_decisions_is_read_or_refused(edits, decisions):
    dataset, sound = decisions
    (dataset.root / "review" / "decisions.csv").write_bytes(edited(sound, edits, WORDS))
    check(lambda: read_decisions(dataset).rows.to_pylist(), DecisionsError)
