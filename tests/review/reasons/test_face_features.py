import numpy as np
import pyarrow as pa
import pytest

from deepfake_dataset.review.reasons.face_features import FaceFeatures


@pytest.fixture
def features():
    table = pa.table(
        {
            "video_id": ["b", "b", "a", "a", "b"],
            "track": [0, 1, 0, 0, 0],
            "frame": [9, 4, 7, 2, 3],
            "landmarks": [[1.0, 2, 3, 4], [1.0, 2], [5.0, 6, 7, 8], [1.0, 2, 3, 4], [1.0, 2, 3, 4]],
        }
    )
    return FaceFeatures(table, table)


def test_tracks_of_two_videos_are_two_tracks(features):
    first, second, third = features.track[0], features.track[1], features.track[2]
    assert features.track.tolist() == [first, second, third, third, first]
    assert len({first, second, third}) == 3


def test_rows_by_time_are_in_order_within_each_track(features):
    order = features.by_time
    assert sorted(order.tolist()) == list(range(5))
    frames = features.recorded("frame")[order]
    same = features.track[order][1:] == features.track[order][:-1]
    assert (np.diff(frames)[same] > 0).all()


def test_landmarks_of_another_number_are_not_known(features):
    assert features.landmarks.shape == (5, 2, 2)
    assert features.landmarks[2].tolist() == [[5, 6], [7, 8]]
    assert np.isnan(features.landmarks[1]).all()
