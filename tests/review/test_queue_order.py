import numpy as np

from deepfake_dataset.dataset.face_table import read_faces
from deepfake_dataset.review.queue_order import order_by_suspicion
from deepfake_dataset.review.reasons import BUILT_IN
from deepfake_dataset.review.suspicion_score import SuspicionScores


def test_the_worst_come_first_and_equals_keep_their_order(filled):
    named = np.zeros((8, len(BUILT_IN)), np.bool_)
    named[1, [0, 2]] = True
    scores = SuspicionScores(np.array([0.1, 0.9, 0.1, 0.5, 0, 0, 0, 0]), named)
    ordered = order_by_suspicion(read_faces(filled), scores)
    assert ordered["frame"].to_pylist() == [1, 3, 0, 2, 4, 0, 1, 2]
    assert ordered["suspicion"].to_pylist()[:3] == [0.9, 0.5, 0.1]
    assert ordered["reasons"].to_pylist()[:2] == [[BUILT_IN[0].name, BUILT_IN[2].name], []]
