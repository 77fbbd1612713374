"""A video file to frames."""
