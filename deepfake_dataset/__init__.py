"""From a folder of real and forged videos to aligned faces that can be trusted.

Each command of ``dsbuild`` is a function here: :func:`extract_faces`, :func:`read_status`,
:func:`read_errors`, :func:`draw_sheet`, :func:`draw_dataset`, :func:`make_demo`.
"""

from importlib import import_module
from typing import Any

_FAMILIES = {
    "draw_dataset": "sheet",
    "draw_sheet": "sheet",
    "extract_faces": "extract",
    "make_demo": "demo",
    "read_errors": "status",
    "read_status": "status",
}

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
    if name in _FAMILIES:
        return getattr(import_module(f"deepfake_dataset.commands.{_FAMILIES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
