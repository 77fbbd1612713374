"""How far a part of the work is, told while it goes on."""

from collections.abc import Callable

OnProgress = Callable[[str, int, int], None]
"""Called with what is done, how many of how many."""


def no_progress(what: str, done: int, of: int) -> None:
    """Tell nobody."""
