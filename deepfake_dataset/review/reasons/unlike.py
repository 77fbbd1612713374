"""The crop looks unlike those beside it and unlike its track."""

import numpy as np

from deepfake_dataset.review.features import Evidence, Floats, rise, usual_limit
from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.strangers import STRANGERS


def _strengths(evidence: Evidence) -> Floats:
    """As unlike as strangers are; where a track's faces are much alike, less will do."""
    unlike = _unlike(evidence)
    stricter = np.sqrt(usual_limit(evidence, unlike) * STRANGERS)
    return rise(unlike, np.minimum(STRANGERS, stricter))


def _unlike(evidence: Evidence) -> Floats:
    """Shape and colour must both be unlike: light alone changes colours, speech shapes."""
    return np.sqrt(evidence.clue("unlike_shape") * evidence.clue("unlike_colour"))


UNLIKE = Reason("unlike", "not like the rest of its track", 0.9, _strengths)
