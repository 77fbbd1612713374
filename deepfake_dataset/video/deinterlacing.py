"""Deinterlacing: of an interlaced picture one field is kept, every second line.

The two fields are two moments. Woven together they comb at every moving edge, a pattern that
a detector learns at once. The lines left out are interpolated where the picture is read.
"""


def line_step(interlaced: bool, height: int) -> int:
    """Lines from one that is kept to the next: 2 in an interlaced picture, else 1."""
    return 2 if interlaced and height > 1 else 1
