"""How counts are said to people."""


def number(count: int, what: str) -> str:
    """``1 face``, ``2 faces``."""
    return f"{count} {what}{'' if count == 1 else 's'}"
