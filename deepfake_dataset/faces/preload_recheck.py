"""Imported once in the process that workers for second looks are forked from."""

from deepfake_dataset.faces import crop_recheck
from deepfake_dataset.faces.detectors import make_detector

crop_recheck.load()
make_detector("hog")
