"""Every reason must pass these, the last ones by its own fault."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.review.measurements import CLUES
from deepfake_dataset.review.reasons import REASONS
from deepfake_dataset.review.reasons.face_features import FaceFeatures
from deepfake_dataset.review.suspicion_score import score_faces

TRACK = 40
ODD = 17
"""The face that a fault is put into."""
SHAPE = np.random.default_rng(0).normal(0, 30, (68, 2))


@dataclass
class Faces:
    """Columns of three calm tracks, each of another person, with small chances."""

    columns: dict

    @classmethod
    def calm(cls) -> "Faces":
        rng = np.random.default_rng(1)
        count = 3 * TRACK
        center = np.repeat([[300.0, 200], [500, 300], [400, 250]], TRACK, axis=0)
        center = center + rng.normal(0, 2, (count, 2))
        shapes = SHAPE * (1 + rng.normal(0, 0.01, (count, 1, 1))) + rng.normal(
            0, 0.5, (count, 68, 2)
        )
        return cls(
            {
                "video_id": [f"{i:016d}" for i in range(3) for _ in range(TRACK)],
                "face_id": [str(i) for i in range(count)],
                "label": ["real"] * count,
                "track": np.zeros(count, int),
                "frame": np.tile(np.arange(TRACK), 3),
                "detector": ["hog"] * count,
                "score": 1.5 + rng.normal(0, 0.1, count),
                "landmarks": list((shapes + center[:, None]).reshape(count, -1)),
                "center_x": center[:, 0],
                "center_y": center[:, 1],
                "native_px": 200 + rng.normal(0, 1, count),
                "roll_deg": rng.normal(0, 1, count),
                "yaw_deg": rng.normal(0, 5, count),
                "sharpness": np.exp(rng.normal(5, 0.1, count)),
                "outside": np.zeros(count),
                "box_left": center[:, 0] - 75,
                "box_right": center[:, 0] + 75,
                "box_top": center[:, 1] - 75,
                "box_bottom": center[:, 1] + 75,
                "look_score": 1.5 + rng.normal(0, 0.1, count),
                "look_x": rng.normal(0, 0.03, count),
                "look_y": rng.normal(0, 0.03, count),
                "look_side": 1 + rng.normal(0, 0.05, count),
                "eyes_turn": rng.normal(0, 1, count),
                "eyes_x": rng.normal(0, 0.01, count),
                "eyes_y": rng.normal(-0.2, 0.01, count),
                "eyes_apart": rng.normal(0.4, 0.01, count),
                "unlike_shape": np.abs(rng.normal(0.08, 0.01, count)),
                "unlike_colour": np.abs(rng.normal(0.04, 0.01, count)),
                "stranger": np.zeros(count),
            }
        )

    def spoil(self, **values: float) -> "Faces":
        for name, value in values.items():
            self.columns[name][ODD] = value
        return self

    @property
    def features(self) -> FaceFeatures:
        table = pa.table(self.columns)
        measurements = [name for name in CLUES.names if name != "face_id"]
        return FaceFeatures(table.drop_columns(measurements), table.select(CLUES.names))


def _bent() -> Faces:
    faces = Faces.calm()
    bent = faces.columns["landmarks"][ODD].copy()
    bent[20:80] += 25
    faces.columns["landmarks"][ODD] = bent
    return faces


FAULTS = {
    "stranger": lambda: Faces.calm().spoil(stranger=1.4),
    "unlike": lambda: Faces.calm().spoil(unlike_shape=0.4, unlike_colour=0.35),
    "jump": lambda: Faces.calm().spoil(center_x=380, unlike_shape=0.3),
    "second-look": lambda: Faces.calm().spoil(
        look_score=np.nan, look_x=np.nan, look_y=np.nan, look_side=np.nan
    ),
    "landmarks": _bent,
    "low-score": lambda: Faces.calm().spoil(score=0.05),
    "border": lambda: Faces.calm().spoil(outside=0.3),
    "pose": lambda: Faces.calm().spoil(yaw_deg=-60),
    "blurred": lambda: Faces.calm().spoil(sharpness=8),
}
MORE = {
    "turned": ("second-look", {"eyes_turn": 40.0}),
    "too large": ("second-look", {"eyes_apart": 0.62}),
    "elsewhere": ("second-look", {"look_x": 0.4}),
    "another size": ("jump", {"native_px": 330.0, "unlike_shape": 0.3}),
    "another roll": ("jump", {"roll_deg": 45.0, "unlike_shape": 0.3}),
    "off its box": ("landmarks", {"native_px": 420.0}),
}


@pytest.fixture(params=REASONS, ids=lambda reason: reason.name)
def reason(request):
    return request.param


def test_a_reason_has_words_and_a_weight(reason):
    assert reason.words[:1].islower()
    assert 0 < reason.weight < 1
    assert [r.name for r in REASONS].count(reason.name) == 1


def test_calm_faces_give_no_reason(reason):
    strengths = reason.strengths(Faces.calm().features)
    assert strengths.shape == (3 * TRACK,)
    assert ((strengths >= 0) & (strengths < 0.5)).all()


def test_its_fault_is_found_and_nothing_else(reason):
    strengths = reason.strengths(FAULTS[reason.name]().features)
    assert np.flatnonzero(strengths >= 0.5).tolist() == [ODD]
    assert strengths.max() <= 1


@pytest.mark.parametrize(("name", "values"), MORE.values(), ids=MORE)
def test_other_faults_are_found(name, values):
    (meant,) = (reason for reason in REASONS if reason.name == name)
    strengths = meant.strengths(Faces.calm().spoil(**values).features)
    assert np.flatnonzero(strengths >= 0.5).tolist() == [ODD]


@pytest.mark.parametrize("count", [1, 2])
def test_few_faces_are_no_trouble(reason, count):
    whole = Faces.calm().features
    few = FaceFeatures(whole.faces.slice(0, count), whole.measurements.slice(0, count))
    strengths = reason.strengths(few)
    assert strengths.shape == (count,)
    assert np.isfinite(strengths).all()


def test_no_faces_are_no_trouble():
    whole = Faces.calm().features
    judged = score_faces(FaceFeatures(whole.faces.slice(0, 0), whole.measurements.slice(0, 0)))
    assert judged.given.shape == (0, len(REASONS))


def test_faces_that_are_all_the_same_are_no_trouble(reason):
    whole = Faces.calm().features
    same = pa.array([0] * 12)
    assert (
        reason.strengths(FaceFeatures(whole.faces.take(same), whole.measurements.take(same))) < 0.5
    ).all()


def test_a_head_that_moves_is_no_fault():
    faces = Faces.calm().spoil(center_x=380, unlike_shape=0.08)
    (jump,) = (reason for reason in REASONS if reason.name == "jump")
    assert jump.strengths(faces.features)[ODD] < 0.5


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_the_face_with_a_fault_is_the_most_suspicious(fault):
    judged = score_faces(fault().features)
    assert judged.suspicion.argmax() == ODD
    assert judged.given[ODD].any()
    assert ((judged.suspicion >= 0) & (judged.suspicion < 1)).all()


def test_two_reasons_weigh_more_than_one():
    one = score_faces(Faces.calm().spoil(yaw_deg=60).features).suspicion[ODD]
    two = score_faces(Faces.calm().spoil(yaw_deg=60, outside=0.3).features).suspicion[ODD]
    assert two > one


def test_five_landmarks_do_as_well():
    faces = Faces.calm()
    five = [landmarks[:10] for landmarks in faces.columns["landmarks"]]
    faces.columns["landmarks"] = five
    assert np.isfinite(score_faces(faces.features).suspicion).all()
