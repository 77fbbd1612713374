"""Reads the numbers in dlib's model files, as dlib serialises them.

A whole number is a head of one byte, and then up to eight. The head's lower half says how many,
its highest bit whether the number is negative. A fraction is two whole numbers: a mantissa and
the power of two to multiply it by. Nothing says where a number begins but the one before it.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_LENGTH, _NEGATIVE = 0x0F, 0x80
# Read from anywhere, lengths soon fall in step with the true ones: a hundred numbers are plenty.
# Data is read in parts of this size at once, each from so many bytes before it.
_PART, _RUN_UP = 2048, 512
# Bytes that are gone through at a time: what is known of them stays in caches.
_BLOCK = 1 << 21
# A number's head and the three bytes after it are read at once: no mantissa here is longer.
_LONGEST = 3
_BITS = np.array([(1 << 8 * min(head & _LENGTH, _LONGEST)) - 1 for head in range(256)], np.int32)


def read_numbers(data: Bytes) -> NDArray[np.int32]:
    """All numbers, mantissas and powers one after the other.

    Raises :class:`ValueError` where there is anything else, or a number of more than three bytes.
    """
    blocks = [np.zeros(0, np.int32)]
    begin = 0
    while begin < len(data):
        starts, length = number_starts(data[begin : begin + _BLOCK])
        blocks.append(_values(data[begin : begin + length + _LONGEST], starts))
        begin += length
    if begin != len(data):
        raise ValueError("the last number is cut off")
    return np.concatenate(blocks)


def _values(data: Bytes, starts: NDArray[np.bool_]) -> NDArray[np.int32]:
    padded = np.zeros(len(starts) + _LONGEST, np.uint8)
    padded[: len(data)] = data[: len(padded)]
    words = np.ndarray(len(starts), "<i4", padded, strides=(1,))[starts]
    heads = words.astype(np.uint8)
    if ((heads & _LENGTH) > _LONGEST).any():
        raise ValueError("a number is too large")
    words >>= 8
    words &= _BITS[heads]
    np.negative(words, out=words, where=heads >= _NEGATIVE)
    return words


def number_starts(data: Bytes) -> tuple[NDArray[np.bool_], int]:
    """Which bytes begin a number, and where the last one ends, within the data or past it.

    The first byte begins one. Raises :class:`ValueError` where there is anything but numbers.
    """
    starts = np.zeros(len(data), np.bool_)
    first = np.arange(0, len(data), _PART)
    entered = _pass(data, np.maximum(first - _RUN_UP, 0), first)
    left = _pass(data, entered, np.append(first[1:], len(data)), starts)
    if (left[:-1] != entered[1:]).any():
        raise ValueError("these are no numbers of dlib's")
    return starts, int(left[-1])


def _pass(
    data: Bytes,
    at: NDArray[np.intp],
    end: NDArray[np.intp],
    starts: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """Step from number to number in all parts side by side, each from its place to its end.

    Marks where numbers start, and gives the first places that are not before the ends.
    """
    at = at.copy()
    going = np.flatnonzero(at < end)
    while len(going):
        here, stop = at[going], end[going]
        for _ in range(max(1, int((stop - here).min()) // (1 + _LENGTH))):  # none gets to its end
            if starts is not None:
                starts[here] = True
            here += 1 + (data[here] & _LENGTH)
        at[going] = here
        going = going[here < stop]
    return at


def fractions(numbers: NDArray[np.int32]) -> NDArray[np.float32]:
    """Fractions of pairs (…, 2): mantissa and power of two."""
    return cast(NDArray[np.float32], np.ldexp(numbers[..., 0].astype(np.float32), numbers[..., 1]))
