"""Scores to take figures of."""

import numpy as np
from hypothesis import strategies as st

from deepfake_dataset.baseline.scoring.confidence_intervals import Estimate
from deepfake_dataset.baseline.scoring.predictions import Predictions

Rows = list[tuple[int, float]]
rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8).map(lambda n: n / 8)), min_size=2, max_size=60
)


def value(estimate: Estimate) -> float:
    assert estimate.value is not None
    return estimate.value


def drawn_videos(per_video: int, videos: int = 60, seed: int = 0) -> Predictions:
    """Videos whose faces all have the same score."""
    rng = np.random.default_rng(seed)
    label = np.arange(videos) % 2
    score = np.clip(rng.normal(0.35 + 0.3 * label, 0.25), 0, 1)
    video = np.repeat(np.arange(videos), per_video)
    return Predictions.of(label[video], score[video], video=video)


def width(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.high - estimate.low
