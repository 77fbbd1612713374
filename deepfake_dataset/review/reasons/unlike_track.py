"""The crop looks unlike those beside it and unlike its track."""

import numpy as np

from deepfake_dataset.review.other_person import STRANGERS
from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import (
    FaceFeatures,
    Floats,
    above_limit,
    usual_limit,
)


def _strengths(features: FaceFeatures) -> Floats:
    """As unlike as strangers are; where a track's faces are much alike, less will do."""
    unlike = _unlike(features)
    stricter = np.sqrt(usual_limit(features, unlike) * STRANGERS)
    return above_limit(unlike, np.minimum(STRANGERS, stricter))


def _unlike(features: FaceFeatures) -> Floats:
    """Shape and colour must both be unlike: light alone changes colours, speech shapes."""
    return np.sqrt(features.measurement("unlike_shape") * features.measurement("unlike_colour"))


UNLIKE = Reason("unlike", "not like the rest of its track", 0.9, _strengths)
