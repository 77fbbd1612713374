"""What one item may use, how a process is held to it, and how the faults of that are told."""

import resource
import traceback
from dataclasses import dataclass

from deepfake_dataset.errors import CrashedError, MemoryLimitError, TimeLimitError, VideoError

_OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "Insufficient memory", "Cannot allocate memory")
"""How Python, C++, OpenCV and the C library say that an allocation failed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one item may use."""

    time_s: float
    """Wall time; what is loaded beforehand does not count."""
    memory_mb: int
    """Of 2**20 bytes, shared pages of preloaded modules included."""
    file_mb: int | None = None
    """Of 2**20 bytes, for any one file that it writes, what it prints included."""
    confined: bool = False
    """No network and no programs of its own, where the platform can hold it to that."""


def set_limit(what: int, limit_mb: int) -> None:
    """Let the system refuse this process what goes over a limit of :mod:`resource`."""
    _, hard = resource.getrlimit(what)
    limit = limit_mb * 2**20
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(what, (limit, hard))


def over_time(limits: Limits) -> VideoError:
    """The fault of an item that took too long."""
    return TimeLimitError(f"its process was not done after {limits.time_s:g} s")


def over_memory(limits: Limits) -> VideoError:
    """The fault of an item that took too much memory."""
    return MemoryLimitError(f"its process needed more than {limits.memory_mb} MB of memory")


def tells_of_memory(text: str) -> bool:
    """Whether what a process printed or raised says that it ran out of memory."""
    return any(phrase in text for phrase in _OUT_OF_MEMORY)


def fault_of(error: BaseException, limits: Limits) -> VideoError:
    """The fault of an item whose function raised what is no :class:`VideoError`."""
    line = in_a_line(error)
    if isinstance(error, MemoryError) or tells_of_memory(line):
        return over_memory(limits)
    fault = CrashedError(line)
    fault.add_note("".join(traceback.format_exception(error)))
    return fault


def in_a_line(error: BaseException) -> str:
    """An exception's class and message without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())
