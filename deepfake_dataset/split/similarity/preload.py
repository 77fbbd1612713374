"""Imported once in the process that workers are forked from: the network is loaded here."""

from deepfake_dataset.split.similarity import face_embeddings

face_embeddings.load()
