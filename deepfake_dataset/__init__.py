"""From a folder of real and forged videos to aligned faces that can be trusted.

Each command of ``dsbuild`` is a function here: :func:`extract_faces`, :func:`read_status`,
:func:`read_errors`, :func:`draw_sheet`, :func:`draw_dataset`, :func:`make_demo`.
"""

from importlib import import_module
from typing import Any

__all__ = [
    "draw_dataset",
    "draw_sheet",
    "extract_faces",
    "make_demo",
    "read_errors",
    "read_status",
]


def __getattr__(name: str) -> Any:
    """Import on first use: a look at the version should not load OpenCV."""
    if name in __all__:
        return getattr(import_module("deepfake_dataset.commands"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
