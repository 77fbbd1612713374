"""The meso-CNN: trained on manifests or folders of faces, and scored."""
