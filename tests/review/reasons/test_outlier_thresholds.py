import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfake_dataset.review.reasons.face_features import FaceFeatures
from deepfake_dataset.review.reasons.outlier_thresholds import (
    robust_std,
    strength,
    track_median,
    track_threshold,
)

VALUES = st.floats(-100, 100) | st.just(float("nan"))
FACES = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), VALUES), max_size=30)


def _features(faces):
    videos, tracks, _ = zip(*faces, strict=True) if faces else ((), (), ())
    table = pa.table(
        {
            "video_id": pa.array(videos, pa.string()),
            "track": pa.array(tracks, pa.int64()),
            "frame": pa.array(range(len(faces)), pa.int64()),
        }
    )
    return FaceFeatures(table, table)


@given(FACES)
def test_the_median_of_a_track_is_its_own(faces):
    values = np.array([value for *_, value in faces], np.float64)
    medians = track_median(_features(faces), values)
    for face, median in zip(faces, medians, strict=True):
        own = [v for *key, v in faces if key == list(face[:2]) and not np.isnan(v)]
        assert median == pytest.approx(np.median(own) if own else np.nan, nan_ok=True)


@given(FACES)
def test_thresholds_are_above_the_middle_and_finite_where_anything_is_known(faces):
    values = np.array([value for *_, value in faces], np.float64)
    features = _features(faces)
    middle, threshold = track_median(features, values), track_threshold(features, values)
    known = np.isfinite(middle)
    assert (threshold[known] > middle[known]).all()


@given(st.lists(st.floats(allow_nan=True), min_size=1), st.floats(1e-6, 1e6))
def test_strengths_lie_between_0_and_1(values, threshold):
    strengths = strength(np.array(values), threshold)
    assert ((strengths >= 0) & (strengths <= 1)).all()


def test_a_strength_is_a_half_at_its_threshold_and_grows():
    strengths = strength(np.array([0, 1.5, 3, 6]), 3.0)
    assert strengths[2] == pytest.approx(0.5)
    assert strengths[0] == 0
    assert strengths[1] < 0.02
    assert strengths[3] > 0.98


def test_one_wild_value_does_not_move_a_robust_deviation():
    values = np.random.default_rng(0).normal(0, 2, 2001)
    assert robust_std(values) == pytest.approx(2, abs=0.1)
    values[:9] = 1e9
    values[9] = np.nan
    assert robust_std(values) == pytest.approx(2, abs=0.1)
