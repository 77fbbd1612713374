"""Which faces enter the manifests, so that classes and resolutions are balanced."""
