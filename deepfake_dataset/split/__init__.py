"""Manifests that do not leak: groups, sides, faces drawn."""
