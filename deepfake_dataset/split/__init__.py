"""Splits without leaks: groups of videos, their sides, balanced manifests, and their audit."""
