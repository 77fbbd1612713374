"""From a folder of real and forged videos to aligned faces that can be trusted.

Each command of ``dsbuild`` is a function here, named below by the module of
``deepfake_dataset.commands`` that has it; notebooks can do all that the command line does.
"""

from importlib import import_module
from typing import Any

_FAMILIES = {
    "apply_review": "review",
    "audit_dataset": "audit",
    "audit_files": "audit",
    "draw_dataset": "sheet",
    "draw_sheet": "sheet",
    "explain_video": "split",
    "export_queue": "review",
    "extract_faces": "extract",
    "make_demo": "demo",
    "open_desk": "review",
    "prune_dataset": "prune",
    "read_errors": "status",
    "read_reviewed": "reviewed",
    "read_status": "status",
    "refresh_queue": "review",
    "retry_failed": "retry",
    "run_unattended": "run",
    "score": "score",
    "split_dataset": "split",
    "train_baseline": "baseline",
    "verify_dataset": "verify",
}

__all__ = [
    "apply_review",
    "audit_dataset",
    "audit_files",
    "draw_dataset",
    "draw_sheet",
    "explain_video",
    "export_queue",
    "extract_faces",
    "make_demo",
    "open_desk",
    "prune_dataset",
    "read_errors",
    "read_reviewed",
    "read_status",
    "refresh_queue",
    "retry_failed",
    "run_unattended",
    "score",
    "split_dataset",
    "train_baseline",
    "verify_dataset",
]


def __getattr__(name: str) -> Any:
    """Import on first use: a look at the version should not load OpenCV."""
    if name in _FAMILIES:
        return getattr(import_module(f"deepfake_dataset.commands.{_FAMILIES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
