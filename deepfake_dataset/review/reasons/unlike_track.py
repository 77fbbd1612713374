"""Reason “not like the rest of its track”: in shape and in colours."""

import numpy as np

from deepfake_dataset.review.other_person import OTHER_PERSON_DISTANCE
from deepfake_dataset.review.reasons.base import Reason
from deepfake_dataset.review.reasons.face_features import FaceFeatures, Floats
from deepfake_dataset.review.reasons.outlier_thresholds import strength, track_threshold


def _strengths(features: FaceFeatures) -> Floats:
    """As unlike as other people are; where a track's faces are much alike, less will do."""
    unlike = _unlike(features)
    stricter = np.sqrt(track_threshold(features, unlike) * OTHER_PERSON_DISTANCE)
    return strength(unlike, np.minimum(OTHER_PERSON_DISTANCE, stricter))


def _unlike(features: FaceFeatures) -> Floats:
    """Shape and colour must both be unlike: light alone changes colours, speech shapes."""
    return np.sqrt(features.measured("shape_distance") * features.measured("colour_distance"))


UNLIKE_TRACK = Reason("unlike", "not like the rest of its track", 0.9, _strengths)
