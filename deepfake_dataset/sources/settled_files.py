"""Leaves files that are still being written for the next run."""

from collections.abc import Collection

from deepfake_dataset.sources.files import File

_MARKS = (".part", ".tmp", ".crdownload", ".download", ".aria2", ".ytdl", ".filepart")
"""Endings of what a browser, wget, curl, yt-dlp, aria2 or WinSCP keeps beside a file while it
is under way. By themselves such files are no videos and are passed over."""


def is_settled(file: File, beside: Collection[str], now_s: float, settle_s: float) -> bool:
    """Whether a file has been at rest for ``settle_s`` seconds; ``beside`` are other files.

    Its time of modification tells: every write sets it, so its size has not changed since
    either. A time in the future counts as one as far in the past, so that neither a clock
    that jumps back nor a server whose clock is ahead holds up a file for ever. What changes
    from now on is noticed when the file is read. With 0 every file is at rest.
    """
    if settle_s <= 0:
        return True
    if any(file.location + mark in beside for mark in _MARKS):
        return False
    return abs(now_s - file.status.st_mtime) >= settle_s
