"""Counts in words: one face, two faces."""


def plural(count: int, what: str) -> str:
    """``1 face``, ``2 faces``."""
    return f"{count} {what}{'' if count == 1 else 's'}"
