"""What our lab adds to dsbuild."""
