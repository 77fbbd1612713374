"""Imported once in the process that workers for second looks are forked from."""

from deepfake_dataset.extract import second_look
from deepfake_dataset.extract.detectors import make_detector

__all__ = ["second_look"]

second_look.load()
make_detector("hog")
