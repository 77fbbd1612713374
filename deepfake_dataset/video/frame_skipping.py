"""Skips decoding of disposable frames (non-reference frames) that nobody would keep.

Of a long scene every second frame is held, then every fourth, and so on
(``shots/frame_buffer.py``); in H.264 about half of the frames are disposable. Where both meet, a
frame is not decoded.

Where a scene may begin no frame is. That shows before it is decoded: a new picture comes as a
keyframe that is not due, or in a packet larger than those before it, and such a packet comes ahead
of the disposable frames that are seen before it.
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
class PacketInfo:
    """What a packet says of its frame before it is decoded."""

    pts: int | None
    size: int
    """In bytes."""
    is_key: bool
    is_disposable: bool
    """No other frame is decoded from it."""


@dataclass(frozen=True, slots=True)
class FrameNeeds:
    """How many frames of a scene are kept at most, and how densely scenes are looked for."""

    kept: int
    """Of a scene no more than so many are."""
    apart_s: float
    """Scenes are looked for in frames that lie no further from each other, in seconds."""


def mark_skippable(
    packets: Iterable[tuple[Packet, PacketInfo]], need: FrameNeeds, base_s: float
) -> Iterator[tuple[Packet, bool]]:
    """Packets in the order of decoding, each with whether its frame need not be decoded.

    ``base_s`` is the unit of timestamps in seconds.
    """
    for run in _packet_runs(packets):
        skippable = _skippable_places(run, need, base_s)
        for place, packet in enumerate(run.packets):
            yield packet, place in skippable


@dataclass(slots=True)
class _PacketRun(Generic[Packet]):
    """A run of packets in which no new picture begins but with the first one."""

    first: int
    """Number of the first packet."""
    packets: list[Packet] = field(default_factory=list)
    infos: list[PacketInfo] = field(default_factory=list)
    size: int = 0
    """In bytes."""
    is_last: bool = False

    def append(self, packet: Packet, info: PacketInfo) -> None:
        self.packets.append(packet)
        self.infos.append(info)
        self.size += info.size


def _packet_runs(packets: Iterable[tuple[Packet, PacketInfo]]) -> Iterator[_PacketRun[Packet]]:
    """Packets in runs of bounded length.

    Each begins with a frame that is shown after all before it, as far as timestamps are regular, so
    that the frames of one are shown before those of the next.
    """
    watch, latest = _NewPictureDetector(), -math.inf
    run = _PacketRun[Packet](0)
    for number, (packet, info) in enumerate(packets):
        length = len(run.packets)
        is_over = length >= _MOST + _MOST_HELD_BACK
        if info.pts is not None and info.pts > latest:
            latest = info.pts
            is_full = length >= _MOST or run.size + info.size > _MOST_BYTES
            is_over |= watch.is_new(number, info) or is_full
        if length and is_over:
            yield run
            run = _PacketRun(number)
            latest = -math.inf if info.pts is None else info.pts
        run.append(packet, info)
    run.is_last = True
    yield run


class _NewPictureDetector:
    """Tells where a new picture may begin, from packets whose frames are shown after all before."""

    def __init__(self) -> None:
        self._sizes: deque[int] = deque(maxlen=_COMPARED)
        self._key = self._interval = 0

    def is_new(self, number: int, info: PacketInfo) -> bool:
        """Whether the packet of that number may bring one."""
        if info.is_key:
            is_due = number - self._key == self._interval
            self._interval, self._key = number - self._key, number
            return not is_due
        is_large = info.size > _LARGER * max(self._sizes, default=info.size)
        self._sizes.append(info.size)
        return is_large


def _skippable_places(run: _PacketRun[Packet], need: FrameNeeds, base_s: float) -> set[int]:
    """Places in a stretch whose frames need not be decoded.

    Frames are numbered from the video's start: a scene that begins there keeps the same ones as if
    all were decoded. The video's first and last frame always are.
    """
    infos = run.infos
    shown = _in_order_shown(infos)
    stride = _stride(len(infos), need.kept)
    begin = _EDGE if run.first else 1
    end = len(shown) - (1 if run.is_last else _EDGE)
    skippable: set[int] = set()
    for rank in range(begin, end):
        (earlier, previous), (_, place), (later, _) = shown[rank - 1 : rank + 2]
        if (
            (run.first + rank) % stride
            and infos[place].is_disposable
            and previous not in skippable
            and (later - earlier) * base_s <= need.apart_s
        ):
            skippable.add(place)
    return skippable


def _in_order_shown(infos: Sequence[PacketInfo]) -> list[tuple[int, int]]:
    """Timestamps and places, in the order of timestamps; none where those cannot be relied on."""
    stamped = [(info.pts, place) for place, info in enumerate(infos) if info.pts is not None]
    shown = sorted(stamped)
    is_regular = len(shown) == len(infos) and all(a < b for (a, _), (b, _) in pairwise(shown))
    held_back = max((abs(rank - place) for rank, (_, place) in enumerate(shown)), default=0)
    return shown if is_regular and held_back <= _MOST_HELD_BACK else []


def _stride(frames: int, kept: int) -> int:
    """Of so many frames each how-many-th is kept at most."""
    stride = 1
    while frames > kept * stride:
        stride *= 2
    return stride
