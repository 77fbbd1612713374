"""Picks the frames of a scene in which faces are looked for: evenly spread over those held."""

from bisect import bisect_left
from collections.abc import Sequence

from deepfake_dataset.video.frame import Frame


def pick_spread(frames: Sequence[Frame], wanted: int) -> list[int]:
    """Positions of ``wanted`` of the frames, as evenly as their indices allow.

    Frames held from before a scene was known to have begun may lie less dense than later ones.
    """
    if len(frames) <= wanted:
        return list(range(len(frames)))
    span = range(frames[0].index, frames[-1].index + 1)
    ideal = [span[i] for i in evenly_spaced(len(span), wanted)]
    held = [frame.index for frame in frames]
    chosen = {_nearest(held, index) for index in ideal}
    spare = [i for i in range(len(held)) if i not in chosen]
    more = evenly_spaced(len(spare), wanted - len(chosen))
    return sorted(chosen | {spare[i] for i in more})


def _nearest(ordered: Sequence[int], number: int) -> int:
    """Position of the number nearest to another one, the earlier of two."""
    after = bisect_left(ordered, number)
    around = range(max(0, after - 1), min(after + 1, len(ordered)))
    return min(around, key=lambda i: abs(ordered[i] - number))


def evenly_spaced(count: int, wanted: int) -> list[int]:
    """Positions of ``wanted`` out of ``count`` things, first and last among them.

    All of them where there are not more.
    """
    if count <= wanted:
        return list(range(count))
    if wanted < 2:
        return [count // 2] * wanted
    return [round(i * (count - 1) / (wanted - 1)) for i in range(wanted)]
