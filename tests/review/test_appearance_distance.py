import numpy as np
import pytest

from deepfake_dataset.review.appearance_distance import (
    colour_descriptor,
    distance_to_neighbours,
    distance_to_track,
    shape_descriptor,
    tracks_of,
)


@pytest.fixture
def faces(record):
    """Nine faces: a track of six, then one of two, then one alone."""
    from dataclasses import replace

    tracks = [0] * 6 + [1] * 2 + [2]
    return [replace(f, track=t) for f, t in zip(record(faces=9).faces, tracks, strict=True)]


def _one_number(*values):
    return np.array(values, np.float32)[:, None]


def test_the_rows_of_a_track_keep_their_order(faces):
    assert [rows.tolist() for rows in tracks_of(faces)] == [[0, 1, 2, 3, 4, 5], [6, 7], [8]]


def test_the_distance_to_a_track_is_to_its_median_and_for_a_short_one_to_the_videos(faces):
    distances = distance_to_track(faces, _one_number(1, 1, 9, 1, 1, 1, 4, 5, 2))
    assert distances.tolist() == [0, 0, 8, 0, 0, 0, 3, 4, 1]


def test_a_face_is_compared_with_two_before_and_two_after_of_its_track(faces):
    distances = distance_to_neighbours(faces, _one_number(0, 0, 5, 0, 0, 0, 7, 8, 3))
    assert distances[2] == 5
    assert distances[[0, 1, 3, 4, 5]].tolist() == [2.5, 0, 0, 0, 0]
    assert distances[[6, 7]].tolist() == [1, 1]
    assert distances[8] == np.inf


def test_light_changes_colours_and_hardly_shapes():
    rng = np.random.default_rng(0)
    crop = rng.integers(40, 120, (16, 16, 3), np.uint8).repeat(16, axis=0).repeat(16, axis=1)
    brighter = crop * np.uint8(2)
    turned = crop[::-1]
    shape, colour = (
        [float(np.linalg.norm(describe(crop) - describe(other))) for other in (brighter, turned)]
        for describe in (shape_descriptor, colour_descriptor)
    )
    assert shape[0] < 0.02 < 5 * 0.02 < shape[1]
    assert colour[0] > 0.1
