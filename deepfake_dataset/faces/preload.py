"""Imported once in the process that all workers are forked from: models are loaded here.

Every worker shares their pages; none reads a hundred megabytes of its own.
"""

from deepfake_dataset.faces import landmarks
from deepfake_dataset.faces.detectors import make_detector
from deepfake_dataset.faces.proposals import make_face_proposer

landmarks.load(68)
make_detector("hog")
make_face_proposer()
