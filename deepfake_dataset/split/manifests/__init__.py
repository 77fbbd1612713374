"""The files that a split writes."""
