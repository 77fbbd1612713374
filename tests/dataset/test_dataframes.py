import sys
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.dataset.dataframes import as_frame
from deepfake_dataset.dataset.dataset import Dataset
from deepfake_dataset.errors import ArgumentError, MissingCropError, MissingExtraError
from deepfake_dataset.settings import Settings

TABLE = pa.table({"label": ["real", "fake"], "frame": [1, 2]})


def test_all_columns_or_those_asked_for_in_that_order():
    assert as_frame(TABLE, "arrow") is TABLE
    assert as_frame(TABLE, "arrow", ["frame", "label"]).column_names == ["frame", "label"]


def test_a_column_that_is_none_is_named_and_so_are_those_there_are():
    with pytest.raises(ArgumentError, match="no column 'lable'") as caught:
        as_frame(TABLE, "arrow", ["lable"])
    assert "label, frame" in caught.value.hint
    with pytest.raises(ArgumentError, match="should be a list"):
        as_frame(TABLE, "arrow", "label")


def test_a_library_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="cannot be given as 'excel'"):
        as_frame(TABLE, "excel")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_library_that_is_not_installed_is_told(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, kind, None)
    with pytest.raises(MissingExtraError, match=f"{kind} is not installed") as caught:
        as_frame(TABLE, kind)
    assert caught.value.hint == f"pip install {kind}"


def test_a_table_of_polars_is_made_by_polars(monkeypatch):
    library = ModuleType("polars")
    library.from_arrow = lambda table: ("a frame of", table)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "polars", library)
    assert as_frame(TABLE, "polars", ["label"]) == ("a frame of", TABLE.select(["label"]))


@pytest.fixture
def dataset(tmp_path, commit, record) -> Dataset:
    made = Dataset.create(tmp_path / "ds", Settings())
    commit(made, record())
    return made


def test_faces_come_with_their_label_and_crop_and_the_crop_as_pixels(dataset):
    (video,) = dataset.videos()
    faces = dataset.faces()
    assert faces["face_id"].to_pylist() == [face.face_id for face in video.faces]
    assert dataset.faces(["label"], decided=False).num_rows == len(video.faces)
    assert dataset.decisions().num_rows == 0
    with pytest.raises(ArgumentError):
        dataset.faces(["nothing"])


def test_a_crop_is_read_by_the_id_of_its_face_or_by_its_path(dataset):
    import cv2

    (video,) = dataset.videos()
    face_id = video.faces[0].face_id
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 2] = 255  # OpenCV has blue first
    path = dataset.face_path(video.video_id, face_id)
    path.write_bytes(cv2.imencode(".png", red)[1].tobytes())
    for name in (face_id, f"faces/{video.video_id}/{face_id}.png"):
        assert dataset.crop(name)[0, 0].tolist() == [255, 0, 0]
    path.write_bytes(b"no picture")
    with pytest.raises(MissingCropError, match="is damaged"):
        dataset.crop(face_id)
    path.unlink()
    with pytest.raises(MissingCropError, match="cannot be read"):
        dataset.crop(face_id)
