"""What a process that decodes other people's files gives up: the network, other programs.

On Linux a seccomp filter, which needs no rights: from then on the process cannot open a
socket, start a program or fork; threads are allowed. Elsewhere, and where the kernel or a
container refuses the filter, nothing happens: it is a second wall, not the only one.
"""

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _DEATH_SIGNAL = 38, 22, 1  # prctl(2)
_FILTER = 2  # SECCOMP_MODE_FILTER
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # seccomp(2); the error number goes into the low bits
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian
_CLONE_THREAD = 0x10000
_FOREIGN_NUMBERS = 0x40000000  # x86-64 calls in the x32 convention


@dataclass(frozen=True, slots=True)
class _Calls:
    """Numbers of system calls on one machine."""

    machine: int
    """AUDIT_ARCH_…, linux/audit.h."""
    clone: int
    refused: tuple[int, ...]
    """socket, execve, execveat; fork and vfork where they are calls of their own."""


_UNKNOWN = (435, 425)
"""clone3, whose flags a filter cannot see, and io_uring_setup, which goes round filters:
they are said not to exist, and the C library falls back to clone. The same everywhere."""
_CALLS = {
    "x86_64": _Calls(0xC000003E, 56, (41, 59, 322, 57, 58)),
    "aarch64": _Calls(0xC00000B7, 220, (198, 221, 281)),
}


def confine() -> bool:
    """Confine this thread and those that it starts, for good; False where it cannot be done."""
    calls = _CALLS.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return False
    program = b"".join(_program(calls))
    buffer = ctypes.create_string_buffer(program, len(program))
    description = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    return _prctl(_NO_NEW_PRIVILEGES, 1) and _prctl(_SET_SECCOMP, _FILTER, description)


def die_with_parent(signal_number: int) -> None:
    """Let the kernel end this process when the one that forked it ends. Linux alone does."""
    if sys.platform == "linux":
        _prctl(_DEATH_SIGNAL, signal_number)


def _prctl(option: int, *arguments: int | bytes) -> bool:
    values = [ctypes.c_ulong(a) if isinstance(a, int) else ctypes.c_char_p(a) for a in arguments]
    filled = values + [ctypes.c_ulong(0)] * (4 - len(values))
    return bool(ctypes.CDLL(None).prctl(option, *filled) == 0)


def _program(calls: _Calls) -> list[bytes]:
    """The filter: every test either ends it or goes on with the next line."""
    refuse = _step(_RETURN, _REFUSE | errno.EACCES)
    unknown = _step(_RETURN, _REFUSE | errno.ENOSYS)
    steps = [
        _step(_LOAD, _MACHINE),
        *(_step(_EQUAL, calls.machine, if_true=1), refuse),
        _step(_LOAD, _NUMBER),
        *(_step(_AT_LEAST, _FOREIGN_NUMBERS, if_false=1), refuse),
    ]
    for number in calls.refused:
        steps += [_step(_EQUAL, number, if_false=1), refuse]
    for number in _UNKNOWN:
        steps += [_step(_EQUAL, number, if_false=1), unknown]
    return [
        *steps,
        _step(_EQUAL, calls.clone, if_false=3),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, _CLONE_THREAD, if_true=1),
        refuse,
        _step(_RETURN, _ALLOW),
    ]


def _step(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; the jumps count the instructions passed over."""
    return struct.pack("HBBI", code, if_true, if_false, value)
