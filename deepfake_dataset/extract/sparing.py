"""Which frames are not worth decoding: nothing is decoded from them, and nobody would keep them.

Of a long scene every second frame is kept, then every fourth, and so on (:mod:`sampling`); in H.264
about half of the frames are for show alone. Where both meet, a frame is spared.

Where a scene may begin no frame is. That shows before it is decoded: a new picture comes as a
keyframe that is not due, or in a packet larger than those before it, and such a packet comes ahead
of the frames for show that are seen before it.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

Packet = TypeVar("Packet")

# Packets that wait until their stretch has ended, and their bytes.
_MOST, _MOST_BYTES = 512, 32_000_000
# Frames at either end of a stretch that are never spared: a new picture may come gradually.
_EDGE = 12
# A packet so much larger than the largest of so many before it may show a new picture. In 260 films
# (``benchmarks/films.py``, by x264) each of 689 cuts is announced so, or by a keyframe.
_COMPARED, _LARGER = 8, 2.0
# Frames may be shown so much earlier or later than their packet comes: H.264 holds back no more.
_MOST_HELD_BACK = 16


@dataclass(frozen=True, slots=True)
class Hint:
    """What a packet says of its frame."""

    pts: int | None
    size: int
    """In bytes."""
    is_key: bool
    is_for_show: bool
    """No other frame is decoded from it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What the frames of a video are needed for."""

    kept: int
    """Of a scene no more than so many are."""
    apart_s: float
    """Scenes are looked for in frames that lie no further from each other, in seconds."""


def spare(
    packets: Iterable[tuple[Packet, Hint]], need: Need, base_s: float
) -> Iterator[tuple[Packet, bool]]:
    """Packets in the order of decoding, each with whether its frame may be spared.

    ``base_s`` is the unit of timestamps in seconds.
    """
    before = 0
    for stretch in _stretches(packets):
        spared = _spared([hint for _, hint in stretch], before, need, base_s)
        for place, (packet, _) in enumerate(stretch):
            yield packet, place in spared
        before += len(stretch)


def _stretches(
    packets: Iterable[tuple[Packet, Hint]],
) -> Iterator[list[tuple[Packet, Hint]]]:
    """Runs of packets in which no new picture begins but with the first one.

    Each but the first begins with a frame that is shown after all before it, so that those of one
    run are shown before those of the next.
    """
    watch, latest = _Watch(), -math.inf
    stretch: list[tuple[Packet, Hint]] = []
    size = 0
    for number, (packet, hint) in enumerate(packets):
        is_over = len(stretch) >= _MOST + _MOST_HELD_BACK
        if hint.pts is not None and hint.pts > latest:
            latest = hint.pts
            is_full = len(stretch) >= _MOST or size + hint.size > _MOST_BYTES
            is_over |= watch.is_new(number, hint) or is_full
        if stretch and is_over:
            yield stretch
            stretch, size = [], 0
            latest = -math.inf if hint.pts is None else hint.pts
        stretch.append((packet, hint))
        size += hint.size
    yield stretch


class _Watch:
    """Tells where a new picture may begin, from packets whose frames are shown after all before."""

    def __init__(self) -> None:
        self._sizes: deque[int] = deque(maxlen=_COMPARED)
        self._key = self._interval = 0

    def is_new(self, number: int, hint: Hint) -> bool:
        """Whether the packet of that number may bring one."""
        if hint.is_key:
            is_due = number - self._key == self._interval
            self._interval, self._key = number - self._key, number
            return not is_due
        is_large = hint.size > _LARGER * max(self._sizes, default=hint.size)
        self._sizes.append(hint.size)
        return is_large


def _spared(stretch: Sequence[Hint], before: int, need: Need, base_s: float) -> set[int]:
    """Places in a stretch whose frames need not be decoded; so many packets came before it.

    Frames are numbered from the video's start: a scene that begins there keeps the same ones as if
    all were decoded.
    """
    shown = _in_order_shown(stretch)
    stride = _stride(len(stretch), need.kept)
    spared: set[int] = set()
    for rank in range(_EDGE, len(shown) - _EDGE):
        (earlier, previous), (_, place), (later, _) = shown[rank - 1 : rank + 2]
        if (
            (before + rank) % stride
            and stretch[place].is_for_show
            and previous not in spared
            and (later - earlier) * base_s <= need.apart_s
        ):
            spared.add(place)
    return spared


def _in_order_shown(stretch: Sequence[Hint]) -> list[tuple[int, int]]:
    """Timestamps and places, in the order of timestamps; none where those cannot be relied on."""
    stamped = [(hint.pts, place) for place, hint in enumerate(stretch) if hint.pts is not None]
    shown = sorted(stamped)
    is_regular = len(shown) == len(stretch) and all(a < b for (a, _), (b, _) in pairwise(shown))
    held_back = max((abs(rank - place) for rank, (_, place) in enumerate(shown)), default=0)
    return shown if is_regular and held_back <= _MOST_HELD_BACK else []


def _stride(frames: int, kept: int) -> int:
    """Of so many frames each how-many-th is kept at most."""
    stride = 1
    while frames > kept * stride:
        stride *= 2
    return stride
