"""Whole videos, in this process: what ends up in the dataset."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from deepfake_dataset import extract as extract_module
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.extract import extract_video, frame_needs
from deepfake_dataset.faces import landmark_repair as outline_module
from deepfake_dataset.faces.crop import FaceCrop, crop_if_face
from deepfake_dataset.faces.detectors.hog import HogDetector
from deepfake_dataset.faces.landmarks import find_landmarks_of_many
from deepfake_dataset.faces.scene_faces import SampledFace
from deepfake_dataset.records import (
    Cause,
    Label,
    MissReason,
    Provenance,
    Status,
    Video,
    VideoFile,
)
from deepfake_dataset.settings import ExtractSettings, Settings
from deepfake_dataset.shots import thumbnail_stride as glance_module
from deepfake_dataset.video.decode import Decoder

Picture = NDArray[np.uint8]
WriteFilm = Callable[..., Path]

FAKE = Provenance(Label.FAKE, method="Deepfakes", target="a", donor="b")


def extracted(path: Path, folder: Path, **settings: object) -> tuple[Video, Dataset]:
    dataset = Dataset.create(folder, replace(Settings(), extract=ExtractSettings(**settings)))  # type: ignore[arg-type]
    data = path.read_bytes()
    file = VideoFile(
        video_id=hashlib.sha256(data).hexdigest()[:16],
        location=str(path),
        path=path.name,
        size_bytes=len(data),
        provenance=FAKE,
    )
    return extract_video(file, dataset), dataset


@pytest.fixture(scope="module")
def film(
    tmp_path_factory: pytest.TempPathFactory, write_film: WriteFilm, two_shots: list[Picture]
) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", two_shots)


@pytest.fixture(scope="module")
def done(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Video, Dataset]:
    return extracted(film, tmp_path_factory.mktemp("set") / "d", faces_per_scene=12)


def test_two_shots_are_two_scenes_with_the_face_in_both(done: tuple[Video, Dataset]) -> None:
    video, _ = done
    assert video.status is Status.OK
    assert [scene.cause for scene in video.scenes] == [Cause.START, Cause.ANGLE]
    assert video.scenes[1].start_frame == 30
    assert [scene.faces for scene in video.scenes] == [12, 12]


def test_scenes_adjoin_and_cover_the_video(done: tuple[Video, Dataset]) -> None:
    video, _ = done
    assert video.stream is not None
    assert video.scenes[0].start_frame == 0
    assert video.scenes[-1].end_frame == video.stream.frames == 60
    assert video.scenes[-1].end_s == pytest.approx(video.stream.duration_s) == 2.4
    for earlier, later in pairwise(video.scenes):
        assert (earlier.end_frame, earlier.end_s) == (later.start_frame, later.start_s)


def test_every_face_lies_in_its_scene_and_tracks_do_not_cross_scenes(
    done: tuple[Video, Dataset],
) -> None:
    video, _ = done
    for face in video.faces:
        scene = video.scenes[face.scene]
        assert scene.start_frame <= face.frame < scene.end_frame
        assert scene.start_s <= face.time_s < scene.end_s
    assert {(face.scene, face.track) for face in video.faces} == {(0, 0), (1, 1)}


def test_sampled_frames_are_hits_and_misses(done: tuple[Video, Dataset]) -> None:
    video, _ = done
    for scene in video.scenes:
        hits = {face.frame for face in video.faces if face.scene == scene.scene}
        misses = [miss for miss in video.misses if miss.scene == scene.scene]
        assert scene.sampled == len(hits) + len(misses)
        assert not hits & {miss.frame for miss in misses}


def test_the_record_and_the_crops_are_on_the_disk(done: tuple[Video, Dataset]) -> None:
    video, dataset = done
    assert dataset.read(video.video_id) == video
    on_disk = {path.stem: path for path in (dataset.root / "faces" / video.video_id).iterdir()}
    assert set(on_disk) == {face.face_id for face in video.faces}
    for face in video.faces:
        assert hashlib.sha256(on_disk[face.face_id].read_bytes()).hexdigest() == face.sha256
        assert face.face_id == f"{video.video_id}-{face.frame:06d}-0"
    assert not list((dataset.root / "faces").glob(".partial-*"))


def test_the_stream_is_described(done: tuple[Video, Dataset], film: Path) -> None:
    stream = done[0].stream
    assert stream is not None
    assert (stream.codec, stream.pixel_format) == ("h264", "yuv420p")
    assert (stream.width, stream.height, stream.rotation) == (480, 270, 0)
    assert stream.fps == pytest.approx(25)
    assert stream.bit_rate == pytest.approx(film.stat().st_size * 8 / 2.4, abs=1)
    assert (stream.frames_corrupt, stream.packets_damaged) == (0, 0)


def test_frames_that_are_spared_change_nothing_about_a_video_of_one_shot(
    tmp_path: Path,
    write_film: WriteFilm,
    astronaut: Picture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [round(15 + 15 * math.sin(n / 20)) for n in range(121)]
    shot = [np.asarray(cv2.resize(astronaut[x : 288 + x], (480, 270))) for x in places]
    options = {"bf": "2", "x264-params": "b-adapt=0:qp=24"}
    path = write_film(tmp_path / "long.mp4", shot, options=options)
    with Decoder(path, 10**9, frame_needs(ExtractSettings(faces_per_scene=12))) as decoder:
        decoded = [frame.index for frame in decoder.frames()]
    assert len(decoded) < len(shot) - 20
    sparing, _ = extracted(path, tmp_path / "sparing", faces_per_scene=12)
    monkeypatch.setattr(extract_module, "frame_needs", lambda _: None)
    whole, _ = extracted(path, tmp_path / "whole", faces_per_scene=12)
    assert len(sparing.faces) == 12
    assert sparing == whole


def test_the_same_video_gives_the_same_record_again(
    done: tuple[Video, Dataset], film: Path, tmp_path: Path
) -> None:
    again, _ = extracted(film, tmp_path / "d", faces_per_scene=12)
    assert again == done[0]


@pytest.mark.parametrize("limit", ["_BATCH", "_BATCH_BYTES"])
def test_frames_decoded_one_at_a_time_give_the_same_record(
    limit: str,
    done: tuple[Video, Dataset],
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(glance_module, limit, 1)
    alone, _ = extracted(film, tmp_path / "d", faces_per_scene=12)
    assert alone == done[0]


@pytest.mark.parametrize("rough", [False, True])
def test_landmarks_are_found_as_the_detector_s_boxes_need_it(
    rough: bool, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def find(*arguments: Any, rough: bool) -> Any:
        asked.append(rough)
        return find_landmarks_of_many(*arguments, rough=rough)

    monkeypatch.setattr(HogDetector, "rough", rough)
    monkeypatch.setattr(outline_module, "find_landmarks_of_many", find)
    extracted(film, tmp_path / "d", faces_per_scene=2)
    assert set(asked) == {rough}


def test_a_rotated_film_gives_upright_faces(
    write_film: WriteFilm, two_shots: list[Picture], tmp_path: Path
) -> None:
    lying = [np.rot90(picture) for picture in two_shots[:20]]  # turned to the left
    path = write_film(tmp_path / "lying.mp4", lying, rotation=270)
    video, _ = extracted(path, tmp_path / "d", faces_per_scene=5)
    assert video.stream is not None
    assert (video.stream.width, video.stream.height, video.stream.rotation) == (480, 270, 90)
    assert len(video.faces) == 5
    assert all(abs(face.roll_deg) < 12 for face in video.faces)


def test_a_change_of_size_begins_a_scene(
    write_film: WriteFilm, two_shots: list[Picture], tmp_path: Path
) -> None:
    smaller = [cv2.resize(picture, (400, 224)) for picture in two_shots[:20]]
    parts = [
        write_film(tmp_path / f"{n}.h264", pictures, container="h264").read_bytes()
        for n, pictures in enumerate((two_shots[:20], smaller))
    ]
    path = tmp_path / "joined.h264"
    path.write_bytes(b"".join(parts))
    video, _ = extracted(path, tmp_path / "d", faces_per_scene=5)
    assert [scene.start_frame for scene in video.scenes] == [0, 20]
    assert [scene.faces for scene in video.scenes] == [5, 5]


def test_a_film_of_nobody_counts_every_sample_as_a_miss(
    write_film: WriteFilm, astronaut: Picture, tmp_path: Path
) -> None:
    wall = [astronaut[300 + n : 420 + n, :160] for n in range(30)]
    video, dataset = extracted(
        write_film(tmp_path / "wall.mp4", wall), tmp_path / "d", faces_per_scene=8
    )
    assert video.status is Status.OK
    assert video.faces == ()
    assert {miss.reason for miss in video.misses} == {MissReason.NO_FACE}
    assert sum(scene.sampled for scene in video.scenes) == len(video.misses) == 8
    assert not (dataset.root / "faces" / video.video_id).exists()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"min_width": 481}, "too-small"),
        ({"min_height": 271}, "too-small"),
        ({"min_duration_s": 2.5}, "too-short"),
    ],
)
def test_a_sound_video_that_the_settings_turn_away_is_refused(
    wish: dict[str, float], code: str, film: Path, tmp_path: Path
) -> None:
    video, dataset = extracted(film, tmp_path / "d", faces_per_scene=2, **wish)
    assert (video.status, video.error) == (Status.REFUSED, code)
    assert video.message
    assert video.faces == ()
    assert dataset.read(video.video_id) == video
    assert not list((dataset.root / "faces").rglob("*.png"))


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty-file"), (b"only words " * 500, "not-a-video")]
)
def test_what_is_no_video_fails_with_a_record(data: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "thing.mp4"
    path.write_bytes(data)
    video, dataset = extracted(path, tmp_path / "d")
    assert (video.status, video.error) == (Status.FAILED, code)
    assert (video.path, video.provenance) == ("thing.mp4", FAKE)
    assert dataset.read(video.video_id) == video


def test_frames_larger_than_allowed_fail_with_a_record(film: Path, tmp_path: Path) -> None:
    video, _ = extracted(film, tmp_path / "d", max_frame_megapixels=0.1)
    assert (video.status, video.error) == (Status.FAILED, "frame-too-large")


def test_a_missing_file_fails_with_a_record(tmp_path: Path) -> None:
    dataset = Dataset.create(tmp_path / "d", Settings())
    file = VideoFile("0" * 16, str(tmp_path / "gone.mp4"), "gone.mp4", 5, Provenance())
    video = extract_video(file, dataset)
    assert (video.status, video.error) == (Status.FAILED, "unreadable")
    assert dataset.read(video.video_id) == video


def test_a_video_of_one_frame_gives_its_face(
    write_film: WriteFilm, two_shots: list[Picture], tmp_path: Path
) -> None:
    video, _ = extracted(write_film(tmp_path / "one.mp4", two_shots[:1]), tmp_path / "d")
    assert video.status is Status.OK
    assert len(video.faces) == 1
    assert video.stream is not None
    assert video.stream.duration_s == pytest.approx(0.04)


def test_a_frame_with_one_face_out_of_two_is_no_miss(
    write_film: WriteFilm,
    two_shots: list[Picture],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def left_only(sighting: SampledFace, *rest: Any, **names: Any) -> FaceCrop | None:
        if sighting.detection.box.center[0] > 480:
            return None
        return crop_if_face(sighting, *rest, **names)

    monkeypatch.setattr(extract_module, "crop_if_face", left_only)
    pairs = [np.concatenate([picture, picture], axis=1) for picture in two_shots[:20]]
    path = write_film(tmp_path / "pair.mp4", pairs)
    video, _ = extracted(path, tmp_path / "d", faces_per_scene=4, faces="all")
    assert len(video.faces) == video.scenes[0].sampled == 4
    assert video.misses == ()


def test_a_frame_whose_landmarks_form_no_face_is_a_miss(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extract_module, "crop_if_face", lambda *_, **__: None)
    video, _ = extracted(film, tmp_path / "d", faces_per_scene=4)
    assert video.faces == ()
    assert [miss.reason for miss in video.misses] == [MissReason.IMPLAUSIBLE] * 8
    assert [scene.sampled for scene in video.scenes] == [4, 4]
