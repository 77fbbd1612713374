"""The page on which a person reviews faces, and the server behind it."""

from deepfake_dataset.review.web.server import serve

__all__ = ["serve"]
