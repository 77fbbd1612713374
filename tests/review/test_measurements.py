from dataclasses import replace

import cv2
import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.records import Label, Provenance
from deepfake_dataset.review.measurement_cache import MeasurementCache
from deepfake_dataset.review.measurements import CLUES, LOOK, MeasureTask, measure_crops

VIDEO = "0123456789abcdef"
ODD = 3


def _look(luma, margin):
    assert (luma.shape, margin) == ((256, 256), 1.3)
    return tuple(float(i) for i in range(len(LOOK)))


def _embed(crop, face):
    return np.zeros(128, np.float32)


@pytest.fixture
def pictured(dataset, record, commit):
    """Eight crops much alike, but for one."""
    video = commit(dataset, record(faces=8))
    rng = np.random.default_rng(0)
    usual = cv2.GaussianBlur(rng.integers(0, 255, (256, 256, 3), np.uint8), (0, 0), 9)
    other = cv2.GaussianBlur(rng.integers(0, 255, (256, 256, 3), np.uint8), (0, 0), 9)[::-1] // 3
    for number, face in enumerate(video.faces):
        crop = other if number == ODD else cv2.add(usual, number)
        cv2.imwrite(str(dataset.face_path(VIDEO, face.face_id)), crop)
    return dataset


def test_clues_stand_in_the_order_of_the_record(pictured):
    measurements = measure_crops(MeasureTask(pictured, VIDEO, _look, _embed))
    assert measurements.schema == CLUES
    assert measurements["face_id"].to_pylist() == [f.face_id for f in pictured.read(VIDEO).faces]
    assert measurements["eyes_x"].to_pylist() == [float(LOOK.index("eyes_x"))] * 8


@pytest.mark.parametrize("name", ["unlike_shape", "unlike_colour"])
def test_what_does_not_belong_is_unlike_the_rest(pictured, name):
    unlike = measure_crops(MeasureTask(pictured, VIDEO, _look, _embed))[name].to_numpy()
    assert unlike.argmax() == ODD
    assert np.delete(unlike, ODD).max() < unlike[ODD] / 4


def test_a_crop_that_is_missing_is_named(pictured):
    path = pictured.face_path(VIDEO, f"{VIDEO}-000002-0")
    path.unlink()
    with pytest.raises(MissingCropError, match=str(path)):
        measure_crops(MeasureTask(pictured, VIDEO, _look, _embed))


def _memory(dataset):
    return MeasurementCache.of(dataset, read_faces(dataset))


def _clues(dataset):
    ids = [face.face_id for face in dataset.read(VIDEO).faces]
    columns = {name: [0.5] * len(ids) for name in CLUES.names if name != "face_id"}
    return pa.table({"face_id": ids, **columns}, schema=CLUES)


def test_what_was_measured_is_remembered(pictured):
    assert _memory(pictured).missing() == [VIDEO]
    measurements = _memory(pictured).with_new({VIDEO: _clues(pictured)})
    again = _memory(pictured)
    assert again.missing() == []
    assert again.with_new({}).equals(measurements)


def test_other_crops_or_another_label_are_measured_anew(pictured):
    _memory(pictured).with_new({VIDEO: _clues(pictured)})
    video = pictured.read(VIDEO)
    pictured.rewrite(replace(video, provenance=Provenance(Label.FAKE)))
    assert _memory(pictured).missing() == [VIDEO]
    first = replace(video.faces[0], sha256="00" * 32)
    pictured.rewrite(replace(video, faces=(first, *video.faces[1:])))
    assert _memory(pictured).missing() == [VIDEO]
    pictured.rewrite(video)
    assert _memory(pictured).missing() == []


def test_a_damaged_cache_is_made_anew(pictured):
    _memory(pictured).with_new({VIDEO: _clues(pictured)})
    (pictured.cache_folder / "clues.parquet").write_bytes(b"PAR1 no more")
    assert _memory(pictured).missing() == [VIDEO]
