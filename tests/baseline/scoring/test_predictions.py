"""Faces become videos by their mean or their share."""

import pytest

from deepfake_dataset.baseline.scoring.predictions import (
    Predictions,
    videos_by_mean,
    videos_by_share,
)


def test_a_video_is_scored_by_mean_and_by_share() -> None:
    predictions = Predictions.of(
        [0, 0, 0, 1], [0.0, 0.6, 0.6, 0.9], video=["f", "f", "f", "r"], codec=["x", "x", "x", "y"]
    )
    mean, share = videos_by_mean(predictions), videos_by_share(predictions)
    assert mean.video.tolist() == share.video.tolist() == ["f", "r"]
    assert mean.p_real.tolist() == pytest.approx([0.4, 0.9])
    assert share.p_real.tolist() == pytest.approx([2 / 3, 1])
    assert mean.codec.tolist() == ["x", "y"]
    assert videos_by_share(predictions, 0.7).p_real.tolist() == [0, 1]


def test_faces_without_a_video_are_videos_of_their_own() -> None:
    assert len(videos_by_mean(Predictions.of([0, 1], [0.1, 0.9], path=["a", "b"]))) == 2
    assert len(videos_by_mean(Predictions.of([0, 0, 1], [0.1, 0.2, 0.9]))) == 3


def test_a_video_of_both_labels_is_two() -> None:
    both = Predictions.of([0, 1, 1], [0.1, 0.9, 0.7], video=["a", "a", "a"])
    assert videos_by_mean(both).label.tolist() == [0, 1]
    assert videos_by_mean(both).p_real.tolist() == pytest.approx([0.1, 0.8])


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="unequal"):
        Predictions.of([0, 1], [0.5])
