"""Contact sheets."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from deepfake_dataset.dataset.catalog.index import summary_of
from deepfake_dataset.dataset.totals import totals_of
from deepfake_dataset.records import (
    Box,
    Cause,
    Face,
    Label,
    Provenance,
    Scene,
    Status,
    Stream,
    Video,
)
from deepfake_dataset.report.contact_sheet import draw_video, stills_of
from deepfake_dataset.report.dataset_overview import draw_overview
from deepfake_dataset.report.sheet_drawing import WIDTH, in_rows

FRAME = (360, 640)


def face(scene: int, frame: int) -> Face:
    return Face(
        face_id=f"0123456789abcdef-{frame:06d}-0",
        scene=scene,
        track=0,
        frame=frame,
        pts=frame,
        time_s=frame / 25,
        frame_type="P",
        detector="hog",
        score=1.0,
        box=Box(300, 100, 400, 200),
        landmarks=(320.0, 120.0, 380.0, 120.0),
        center_x=350,
        center_y=150,
        native_px=140,
        roll_deg=0,
        yaw_deg=0,
        sharpness=100,
        brightness=100,
        outside=0,
        sha256="",
    )


def scene(number: int, start: int, end: int, faces: int) -> Scene:
    cause = Cause.ANGLE if number else Cause.START
    return Scene(number, cause, start, end, start / 25, end / 25, 10, faces)


@pytest.fixture
def video() -> Video:
    faces = [face(0, i) for i in range(0, 50, 5)] + [face(1, i) for i in range(50, 80, 10)]
    return Video(
        video_id="0123456789abcdef",
        path="real/a.mp4",
        size_bytes=1000,
        provenance=Provenance(Label.REAL),
        settings_key="k",
        status=Status.OK,
        stream=Stream("mp4", "h264", "yuv420p", 640, 360, 0, 25, 4, 2000, 100, 0, 0),
        scenes=(scene(0, 0, 50, 10), scene(1, 50, 80, 3), scene(2, 80, 100, 0)),
        faces=tuple(faces),
    )


@pytest.fixture
def crop() -> bytes:
    file = BytesIO()
    Image.new("RGB", (256, 256), "#208040").save(file, "PNG")
    return file.getvalue()


def colours(picture: Image.Image) -> set[tuple[int, ...]]:
    return {tuple(colour) for colour in np.asarray(picture).reshape(-1, 3)}


def test_stills_are_a_few_frames_with_faces_of_every_scene_that_has_any(video: Video) -> None:
    stills = stills_of(video)
    assert stills <= {f.frame for f in video.faces}
    assert {0, 45} <= stills
    assert stills & {50, 60, 70} == {50, 60, 70}
    assert len(stills) == 7


def test_a_sheet_shows_box_square_and_crop(video: Video, crop: bytes) -> None:
    still = np.zeros((*FRAME, 3), np.uint8)
    picture = draw_video(video, lambda _: crop, dict.fromkeys(stills_of(video), still))
    assert picture.width == WIDTH
    assert {(255, 255, 255), (0xD9, 0x48, 0x0F), (0x20, 0x80, 0x40)} <= colours(picture)


def test_a_sheet_without_its_source_shows_crops_alone(video: Video, crop: bytes) -> None:
    still = np.zeros((*FRAME, 3), np.uint8)
    whole = draw_video(video, lambda _: crop, dict.fromkeys(stills_of(video), still))
    alone = draw_video(video, lambda _: crop, {})
    assert (0x20, 0x80, 0x40) in colours(alone)
    assert (0xD9, 0x48, 0x0F) not in colours(alone)
    assert alone.height < whole.height


def test_an_overview_has_a_row_for_every_video(video: Video, crop: bytes) -> None:
    totals = totals_of([summary_of(video)])
    one = draw_overview("dataset", totals, [video], lambda _, __: crop)
    two = draw_overview("dataset", totals, [video, video], lambda _, __: crop)
    heading = draw_overview("dataset", totals, [], lambda _, __: crop)
    assert two.height - one.height == one.height - heading.height > 72


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_pictures_fill_rows(count: int, rows: int) -> None:
    pictures = [Image.new("RGB", (50, 40), "#000000")] * count
    assert in_rows(pictures, across=4, gap=5).height == rows * 45 + 5
