import cv2
import numpy as np
import pytest

from deepfake_dataset.errors import MissingCropError
from deepfake_dataset.review.measurements import (
    MEASUREMENTS,
    RECHECK_COLUMNS,
    MeasureTask,
    measure_crops,
)

VIDEO = "0123456789abcdef"
ODD = 3


def _recheck(luma, margin):
    assert (luma.shape, margin) == ((256, 256), 1.3)
    return tuple(float(i) for i in range(len(RECHECK_COLUMNS)))


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


def test_measurements_stand_in_the_order_of_the_record(pictured):
    measurements = measure_crops(MeasureTask(pictured, VIDEO, _recheck, _embed))
    assert measurements.schema == MEASUREMENTS
    assert measurements["face_id"].to_pylist() == [f.face_id for f in pictured.read(VIDEO).faces]
    assert measurements["eyes_x"].to_pylist() == [float(RECHECK_COLUMNS.index("eyes_x"))] * 8


@pytest.mark.parametrize("name", ["shape_distance", "colour_distance"])
def test_what_does_not_belong_is_unlike_the_rest(pictured, name):
    unlike = measure_crops(MeasureTask(pictured, VIDEO, _recheck, _embed))[name].to_numpy()
    assert unlike.argmax() == ODD
    assert np.delete(unlike, ODD).max() < unlike[ODD] / 4


def test_a_crop_that_is_missing_is_named(pictured):
    path = pictured.face_path(VIDEO, f"{VIDEO}-000002-0")
    path.unlink()
    with pytest.raises(MissingCropError, match=str(path)):
        measure_crops(MeasureTask(pictured, VIDEO, _recheck, _embed))
