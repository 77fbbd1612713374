"""The order of the review queue: the most suspicious face first."""

import numpy as np
import pyarrow as pa

from deepfake_dataset.review.reasons import all_reasons
from deepfake_dataset.review.suspicion_score import SuspicionScores


def order_by_suspicion(faces: pa.Table, scores: SuspicionScores) -> pa.Table:
    """The faces worst first, with ``suspicion``, and ``reasons`` by their names.

    Equals stay in the order of their videos and times.
    """
    order = np.argsort(-scores.suspicion, kind="stable")
    named = scores.named[order]
    ends = np.concatenate([[0], np.cumsum(named.sum(axis=1))])
    names = pa.array([reason.name for reason in all_reasons()], pa.string())
    flat = names.take(pa.array(named.nonzero()[1]))
    reasons = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), flat)
    ordered = faces.take(pa.array(order))
    ordered = ordered.append_column("suspicion", pa.array(scores.suspicion[order]))
    return ordered.append_column("reasons", reasons)
