"""Prints hashes of what review computes of made-up crops and faces, on this processor.

    python scores_here.py FILE

FILE has the crops (n, 256, 256, 3) and the table of faces, pickled.
"""

import hashlib
import pickle
import sys
from pathlib import Path

import numpy as np

from deepfake_dataset.review.appearance_distance import (
    colour_descriptor,
    distance_to_neighbours,
    distance_to_track,
    shape_descriptor,
)
from deepfake_dataset.review.other_person import PersonComparison
from deepfake_dataset.review.suspicion_score import score_faces


def main() -> None:
    crops, faces, embeddings, features = pickle.loads(Path(sys.argv[1]).read_bytes())
    for describe in (shape_descriptor, colour_descriptor):
        descriptors = np.array([describe(crop) for crop in crops])
        tell(distance_to_neighbours(faces, descriptors), distance_to_track(faces, descriptors))
    people = PersonComparison(lambda row: embeddings[row])
    rows = np.arange(len(embeddings))
    tell(people.distances([rows], np.linspace(0, 1, len(rows)), one_person=False))
    scores = score_faces(features)
    tell(scores.suspicion, scores.named)


def tell(*arrays: np.ndarray) -> None:
    sys.stdout.write(hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest() + "\n")


if __name__ == "__main__":
    main()
