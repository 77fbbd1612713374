"""The report of a training, as JSON and HTML."""
