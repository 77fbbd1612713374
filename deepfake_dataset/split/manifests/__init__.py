"""The files that a split writes: manifests, split.json, and how they appear all at once."""
