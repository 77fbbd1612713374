import numpy as np
import pytest

from deepfake_dataset.review.other_person import SAME_PERSON, TrackIdentities

ANN, BOB = np.zeros(128, np.float32), np.full(128, 0.08, np.float32)


@pytest.fixture
def asked():
    return []


def _people(asked, who):
    def embed(row):
        asked.append(row)
        return {"a": ANN, "b": BOB}[who[row]]

    return TrackIdentities(embed)


def test_calm_tracks_are_not_asked(asked):
    people = _people(asked, "aaaa")
    strangers = people.strangers([np.arange(4)], np.full(4, 0.1), one_person=True)
    assert (strangers.tolist(), asked) == ([0] * 4, [])


def test_a_stretch_that_looks_another_is_asked_once(asked):
    apart = np.array([0.1, 0.4, 0.3, 0.35, 0.05, 0.1])
    strangers = _people(asked, "abbbaa").strangers([np.arange(6)], apart, one_person=False)
    assert (strangers > 1).tolist() == [False, True, True, True, False, False]
    assert strangers[1] == pytest.approx(np.linalg.norm(BOB) / SAME_PERSON)
    assert sorted(asked) == [2, 4]


def test_the_same_person_turned_away_is_no_stranger(asked):
    apart = np.array([0.1, 0.3, 0.6, 0.4, 0.05])
    aside = _people(asked, "aabaa").strangers([np.arange(5)], apart, one_person=False)
    assert aside.tolist() == [0] * 5
    assert sorted(asked) == [1, 4]


def test_where_one_person_is_meant_other_tracks_are_asked(asked):
    tracks = [np.arange(2), np.arange(2, 5)]
    apart = np.full(5, 0.1)
    people = _people(asked, "bbaaa")
    assert (people.strangers(tracks, apart, one_person=True) > 1).tolist() == [True] * 2 + [
        False
    ] * 3
    assert people.strangers(tracks, apart, one_person=False).tolist() == [0] * 5


def test_a_video_without_faces_is_no_trouble(asked):
    assert _people(asked, "").strangers([], np.zeros(0), one_person=True).tolist() == []
