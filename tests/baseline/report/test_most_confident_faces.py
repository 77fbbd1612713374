"""The surest errors come first, and no video fills a row."""

from deepfake_dataset.baseline.report.most_confident_faces import pick_faces
from deepfake_dataset.baseline.scoring.predictions import Predictions

FACES = Predictions.of(
    [0, 0, 0, 0, 1, 1, 1],
    [0.9, 0.95, 0.6, 0.2, 0.1, 0.3, 0.8],
    path=["f0", "f1", "f2", "f3", "r0", "r1", "r2"],
    video=["a", "a", "b", "c", "d", "d", "e"],
)


def test_errors_come_before_hits_and_the_surest_first() -> None:
    rows = pick_faces(FACES, 0.5)
    assert [row.faces.path.tolist() for row in rows] == [
        ["f1", "f0", "f2"],
        ["r0", "r1"],
        ["f3"],
        ["r2"],
    ]
    assert [row.number for row in rows] == [3, 2, 1, 1]


def test_videos_take_turns_where_there_is_no_room_for_all() -> None:
    taken_for_real = pick_faces(FACES, 0.5, across=2)[0]
    assert taken_for_real.faces.path.tolist() == ["f1", "f2"]
    assert taken_for_real.number == 3


def test_a_higher_threshold_makes_other_errors() -> None:
    taken_for_real, taken_for_forged, *_ = pick_faces(FACES, 0.92)
    assert taken_for_real.faces.path.tolist() == ["f1"]
    assert taken_for_forged.number == 3


def test_no_faces_fill_no_shelf() -> None:
    assert [row.number for row in pick_faces(Predictions.of([], []), 0.5)] == [0, 0, 0, 0]
