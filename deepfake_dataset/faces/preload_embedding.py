"""Loads the embedding network; imported once in the process that workers are forked from."""

from deepfake_dataset.faces import embedding

embedding.load_network()
