"""One video in, faces out."""
