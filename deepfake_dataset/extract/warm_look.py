"""Imported once in the process that workers for second looks are forked from."""

from deepfake_dataset.extract import landmarks, second_look
from deepfake_dataset.extract.detectors import make_detector

__all__ = ["second_look"]

landmarks.load(5)
make_detector("hog")
