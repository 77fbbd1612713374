"""Every reason must pass these, the last ones by its own fault."""

import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.review.reasons import BUILT_IN
from deepfake_dataset.review.reasons.face_features import FaceFeatures

from .faults import FAULTS, MORE_FAULTS, ODD, TRACK, Faces


@pytest.fixture(params=BUILT_IN, ids=lambda reason: reason.name)
def reason(request):
    return request.param


def test_a_reason_has_a_text_and_a_weight(reason):
    assert reason.text[:1].islower()
    assert 0 < reason.weight < 1
    assert [r.name for r in BUILT_IN].count(reason.name) == 1


def test_calm_faces_give_no_reason(reason):
    strengths = reason.strengths(Faces.calm().features)
    assert strengths.shape == (3 * TRACK,)
    assert ((strengths >= 0) & (strengths < 0.5)).all()


def test_its_fault_is_found_and_nothing_else(reason):
    strengths = reason.strengths(FAULTS[reason.name]().features)
    assert np.flatnonzero(strengths >= 0.5).tolist() == [ODD]
    assert strengths.max() <= 1


@pytest.mark.parametrize(("name", "values"), MORE_FAULTS.values(), ids=MORE_FAULTS)
def test_other_faults_are_found(name, values):
    (meant,) = (reason for reason in BUILT_IN if reason.name == name)
    strengths = meant.strengths(Faces.calm().spoil(**values).features)
    assert np.flatnonzero(strengths >= 0.5).tolist() == [ODD]


@pytest.mark.parametrize("count", [1, 2])
def test_few_faces_are_no_trouble(reason, count):
    whole = Faces.calm().features
    few = FaceFeatures(whole.faces.slice(0, count), whole.measurements.slice(0, count))
    strengths = reason.strengths(few)
    assert strengths.shape == (count,)
    assert np.isfinite(strengths).all()


def test_faces_that_are_all_the_same_are_no_trouble(reason):
    whole = Faces.calm().features
    same = pa.array([0] * 12)
    features = FaceFeatures(whole.faces.take(same), whole.measurements.take(same))
    assert (reason.strengths(features) < 0.5).all()


def test_a_head_that_moves_is_no_fault():
    faces = Faces.calm().spoil(center_x=380, shape_distance=0.08)
    (jump,) = (reason for reason in BUILT_IN if reason.name == "jump")
    assert jump.strengths(faces.features)[ODD] < 0.5
