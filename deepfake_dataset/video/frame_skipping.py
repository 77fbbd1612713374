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
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

Packet = TypeVar("Packet")

# Packets that wait until their stretch has ended, and their bytes.
_MOST, _MOST_BYTES = 512, 32_000_000
# Frames about a new picture that are not spared on either side: it may come gradually.
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
    for stretch in _stretches(packets):
        spared = _spared(stretch, need, base_s)
        for place, packet in enumerate(stretch.packets):
            yield packet, place in spared


@dataclass(slots=True)
class _Stretch(Generic[Packet]):
    """A run of packets in which no new picture begins but with the first one."""

    first: int
    """Number of the first packet."""
    packets: list[Packet] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)
    size: int = 0
    """In bytes."""
    is_last: bool = False

    def append(self, packet: Packet, hint: Hint) -> None:
        self.packets.append(packet)
        self.hints.append(hint)
        self.size += hint.size


def _stretches(packets: Iterable[tuple[Packet, Hint]]) -> Iterator[_Stretch[Packet]]:
    """The runs, of bounded length.

    Each begins with a frame that is shown after all before it, as far as timestamps are regular, so
    that the frames of one are shown before those of the next.
    """
    watch, latest = _Watch(), -math.inf
    stretch = _Stretch[Packet](0)
    for number, (packet, hint) in enumerate(packets):
        length = len(stretch.packets)
        is_over = length >= _MOST + _MOST_HELD_BACK
        if hint.pts is not None and hint.pts > latest:
            latest = hint.pts
            is_full = length >= _MOST or stretch.size + hint.size > _MOST_BYTES
            is_over |= watch.is_new(number, hint) or is_full
        if length and is_over:
            yield stretch
            stretch = _Stretch(number)
            latest = -math.inf if hint.pts is None else hint.pts
        stretch.append(packet, hint)
    stretch.is_last = True
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


def _spared(stretch: _Stretch[Packet], need: Need, base_s: float) -> set[int]:
    """Places in a stretch whose frames need not be decoded.

    Frames are numbered from the video's start: a scene that begins there keeps the same ones as if
    all were decoded. The video's first and last frame always are.
    """
    hints = stretch.hints
    shown = _in_order_shown(hints)
    stride = _stride(len(hints), need.kept)
    begin = _EDGE if stretch.first else 1
    end = len(shown) - (1 if stretch.is_last else _EDGE)
    spared: set[int] = set()
    for rank in range(begin, end):
        (earlier, previous), (_, place), (later, _) = shown[rank - 1 : rank + 2]
        if (
            (stretch.first + rank) % stride
            and hints[place].is_for_show
            and previous not in spared
            and (later - earlier) * base_s <= need.apart_s
        ):
            spared.add(place)
    return spared


def _in_order_shown(hints: Sequence[Hint]) -> list[tuple[int, int]]:
    """Timestamps and places, in the order of timestamps; none where those cannot be relied on."""
    stamped = [(hint.pts, place) for place, hint in enumerate(hints) if hint.pts is not None]
    shown = sorted(stamped)
    is_regular = len(shown) == len(hints) and all(a < b for (a, _), (b, _) in pairwise(shown))
    held_back = max((abs(rank - place) for rank, (_, place) in enumerate(shown)), default=0)
    return shown if is_regular and held_back <= _MOST_HELD_BACK else []


def _stride(frames: int, kept: int) -> int:
    """Of so many frames each how-many-th is kept at most."""
    stride = 1
    while frames > kept * stride:
        stride *= 2
    return stride
