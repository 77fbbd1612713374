"""Imported once in the process that all workers are forked from: models are loaded here.

Every worker shares their pages; none reads a hundred megabytes of its own.
"""

from deepfake_dataset.extract import landmarks, video
from deepfake_dataset.extract.detectors import make_detector
from deepfake_dataset.extract.proposals import make_proposer

__all__ = ["video"]

landmarks.load(68)
make_detector("hog")
make_proposer()
