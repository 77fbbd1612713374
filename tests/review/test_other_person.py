import numpy as np
import pytest

from deepfake_dataset.review.other_person import _SAME_PERSON_DISTANCE, PersonComparison

ANN, BOB = np.zeros(128, np.float32), np.full(128, 0.08, np.float32)


@pytest.fixture
def embedded():
    return []


def _people(embedded, who):
    def embed(row):
        embedded.append(row)
        return {"a": ANN, "b": BOB}[who[row]]

    return PersonComparison(embed)


def test_faces_like_their_track_are_not_embedded(embedded):
    people = _people(embedded, "aaaa")
    distances = people.distances([np.arange(4)], np.full(4, 0.1), one_person=True)
    assert (distances.tolist(), embedded) == ([0] * 4, [])


def test_a_run_that_looks_like_another_person_is_embedded_once(embedded):
    to_track = np.array([0.1, 0.4, 0.3, 0.35, 0.05, 0.1])
    distances = _people(embedded, "abbbaa").distances([np.arange(6)], to_track, one_person=False)
    assert (distances > 1).tolist() == [False, True, True, True, False, False]
    assert distances[1] == pytest.approx(np.linalg.norm(BOB) / _SAME_PERSON_DISTANCE)
    assert sorted(embedded) == [2, 4]


def test_the_same_person_turned_away_is_no_other_person(embedded):
    to_track = np.array([0.1, 0.3, 0.6, 0.4, 0.05])
    aside = _people(embedded, "aabaa").distances([np.arange(5)], to_track, one_person=False)
    assert aside.tolist() == [0] * 5
    assert sorted(embedded) == [1, 4]


def test_where_one_person_is_meant_other_tracks_are_embedded(embedded):
    tracks = [np.arange(2), np.arange(2, 5)]
    to_track = np.full(5, 0.1)
    people = _people(embedded, "bbaaa")
    assert (people.distances(tracks, to_track, one_person=True) > 1).tolist() == [True] * 2 + [
        False
    ] * 3
    assert people.distances(tracks, to_track, one_person=False).tolist() == [0] * 5


def test_a_video_without_faces_is_no_trouble(embedded):
    assert _people(embedded, "").distances([], np.zeros(0), one_person=True).tolist() == []
