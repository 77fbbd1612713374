"""Reads from an H.264 packet whether its frame is disposable, without decoding it.

Source: ITU-T H.264, 7.3.1 (units), 7.4.1 (their headers) and annex B (start codes);
ISO/IEC 14496-15, 5.3.3 (lengths).
"""

from collections.abc import Iterator

# Types of units that begin a coded picture.
_SLICES = {1, 2, 5}
# Units that are no slices may stand before the first one; they are short.
_MOST_BEFORE_SLICE = 4096
_START_CODE = b"\x00\x00\x01"


def length_bytes(extradata: bytes | None) -> int:
    """How many bytes before a unit give its length; 0 where start codes part units."""
    if extradata and len(extradata) > 4 and extradata[0] == 1:
        return (extradata[4] & 3) + 1
    return 0


def is_disposable(data: memoryview, lengths: int) -> bool:
    """Whether the frame is disposable: no other frame is decoded from it (a non-reference frame).

    ``data`` is one packet, ``lengths`` what :func:`length_bytes` gives. False where the packet
    does not say.
    """
    headers = _after_lengths(data, lengths) if lengths else _after_start_codes(data)
    for header in headers:
        if header & 0x1F in _SLICES:
            return header & 0x60 == 0
    return False


def _after_lengths(data: memoryview, lengths: int) -> Iterator[int]:
    at = 0
    while at + lengths < len(data):
        yield data[at + lengths]
        at += lengths + int.from_bytes(data[at : at + lengths], "big")


def _after_start_codes(data: memoryview) -> Iterator[int]:
    head = bytes(data[:_MOST_BEFORE_SLICE])
    at = head.find(_START_CODE)
    while 0 <= at < len(head) - len(_START_CODE):
        yield head[at + len(_START_CODE)]
        at = head.find(_START_CODE, at + len(_START_CODE))
