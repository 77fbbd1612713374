"""Pages and pictures about a dataset."""
