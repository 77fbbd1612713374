"""Imported once in the process that workers are forked from: the embedding network is loaded here."""

from deepfake_dataset.faces import embedding

embedding.load_network()
