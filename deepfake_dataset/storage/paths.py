"""Paths that a caller gives: text or anything that names a file, made into :class:`Path`."""

import os
from collections.abc import Iterable
from pathlib import Path

from deepfake_dataset.errors import ArgumentError

StrPath = str | os.PathLike[str]
"""What is taken wherever a path is asked for."""


def as_path(given: object, name: str) -> Path:
    """The path that was given as the argument ``name``; ``~`` is the user's home.

    Raises :class:`ArgumentError` for what is no path.
    """
    if isinstance(given, str | os.PathLike):
        text = os.fspath(given)
        if isinstance(text, str) and text and "\0" not in text:
            return Path(text).expanduser() if text.startswith("~") else Path(text)
    raise ArgumentError(
        f"{name} should be a path, not {given!r}", "give text like 'videos/' or a pathlib.Path"
    )


def optional_path(given: object, name: str) -> Path | None:
    """As :func:`as_path`; None stays None."""
    return None if given is None else as_path(given, name)


def as_paths(given: object, name: str) -> list[Path]:
    """Several paths, or one alone, that were given as the argument ``name``.

    Raises :class:`ArgumentError` for what are no paths.
    """
    if isinstance(given, str | os.PathLike):
        return [as_path(given, name)]
    if isinstance(given, Iterable):
        return [as_path(one, name) for one in given]
    raise ArgumentError(
        f"{name} should be paths, not {given!r}", "give a list like ['videos/', 'more/']"
    )
