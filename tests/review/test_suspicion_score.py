import numpy as np
import pytest

from deepfake_dataset.review.reasons import BUILT_IN
from deepfake_dataset.review.reasons.face_features import FaceFeatures
from deepfake_dataset.review.suspicion_score import score_faces

from .reasons.faults import FAULTS, ODD, Faces


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_face_with_a_fault_is_the_most_suspicious(fault):
    scores = score_faces(fault().features)
    assert scores.suspicion.argmax() == ODD
    assert scores.named[ODD].any()
    assert ((scores.suspicion >= 0) & (scores.suspicion < 1)).all()


def test_two_reasons_weigh_more_than_one():
    one = score_faces(Faces.calm().spoil(yaw_deg=60).features).suspicion[ODD]
    two = score_faces(Faces.calm().spoil(yaw_deg=60, outside=0.3).features).suspicion[ODD]
    assert two > one


def test_five_landmarks_do_as_well():
    faces = Faces.calm()
    five = [landmarks[:10] for landmarks in faces.columns["landmarks"]]
    faces.columns["landmarks"] = five
    assert np.isfinite(score_faces(faces.features).suspicion).all()


def test_no_faces_are_no_trouble():
    whole = Faces.calm().features
    scores = score_faces(FaceFeatures(whole.faces.slice(0, 0), whole.measurements.slice(0, 0)))
    assert scores.named.shape == (0, len(BUILT_IN))
