"""The sides of a split."""

from enum import IntEnum


class Side(IntEnum):
    """Where a video may stand, by the code that arrays of sides hold."""

    ASIDE = -2
    """In no manifest: it would tie two sides."""
    FREE = -1
    """Not yet on a side."""
    TRAIN = 0
    TEST = 1
    VAL = 2

    @property
    def word(self) -> str:
        """As manifests are named."""
        return self.name.lower()


def side_named(word: str) -> Side | None:
    """The side that a manifest is named after."""
    return {side.word: side for side in Side if side >= 0}.get(word)
