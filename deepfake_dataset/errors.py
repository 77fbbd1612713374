"""What can go wrong, as a user meets it.

    DsbuildError                  ends the command; its exit code is the process's
    ├── UsageError                what was asked for cannot be done
    │   ├── SettingsError         a setting is unknown, or out of range
    │   ├── SourceError           no videos, a missing folder, labels that contradict each other
    │   ├── LabelsError           a labels CSV that cannot be read
    │   └── NotADatasetError      the folder holds something else
    ├── DatasetBusyError          another run holds the dataset
    ├── DatasetWriteError         the disk is full or cannot be written
    └── WorkerError               worker processes cannot start or load what they run
    VideoError                    costs one video; its code and message go into the video's record
    ├── UnreadableError · EmptyFileError · NotAVideoError · NoVideoStreamError
    ├── EncryptedError · NoFramesError · FrameTooLargeError
    ├── TooSmallError · TooShortError             refused: the settings demand more
    └── TimeLimitError · MemoryLimitError · CrashedError

Every error has a message that says what and where, and a hint that says what to do.
"""

from typing import ClassVar


class DsbuildError(Exception):
    """Ends the command with ``exit_code``; shown as ``error: …`` and ``hint: …``."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __reduce__(self) -> tuple[type["DsbuildError"], tuple[str, str]]:
        return type(self), (str(self), self.hint)  # as Exception would forget the hint


class UsageError(DsbuildError):
    """What was asked for cannot be done."""


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range."""


class SourceError(UsageError):
    """No videos where some were named, or sources that contradict each other."""


class LabelsError(UsageError):
    """A labels CSV that cannot be read; the message names line and column."""


class NotADatasetError(UsageError):
    """The folder named as dataset holds something else, or nothing yet."""


class DatasetBusyError(DsbuildError):
    """Another run holds the dataset."""

    exit_code = 75


class DatasetWriteError(DsbuildError):
    """The dataset's disk is full, read-only or gone. The fault is ours, so the run stops."""


class WorkerError(DsbuildError):
    """Worker processes cannot start, or cannot load what they are to run."""


class VideoError(Exception):
    """One video cannot be used. ``code`` and the message are kept in the video's record."""

    code: ClassVar[str] = "failed"
    hint: ClassVar[str] = "play the file in another program to see whether it is intact"
    refused: ClassVar[bool] = False
    """True where the video is sound and only the settings turn it away."""


class UnreadableError(VideoError):
    """The file cannot be opened for reading."""

    code = "unreadable"
    hint = "check the file's permissions, or whether its disk is still there"


class EmptyFileError(VideoError):
    """The file has no bytes."""

    code = "empty-file"
    hint = "copy or download the file again"


class NotAVideoError(VideoError):
    """FFmpeg does not recognise the file as a container of any kind."""

    code = "not-a-video"
    hint = "remove the file from the folder, or convert it to MP4 first"


class NoVideoStreamError(VideoError):
    """The container holds no moving pictures: audio only, or a cover picture."""

    code = "no-video-stream"
    hint = "the file holds sound or data only; leave it out"


class EncryptedError(VideoError):
    """The stream is marked as encrypted and nothing can be decoded."""

    code = "encrypted"
    hint = "obtain an unprotected copy"


class NoFramesError(VideoError):
    """The stream was read to its end and gave no frame that can be used."""

    code = "no-frames"
    hint = (
        "the file is damaged, its codec is unknown, or its frames are larger than"
        " max_frame_megapixels; convert it with ffmpeg and try again"
    )


class FrameTooLargeError(VideoError):
    """The picture is larger than any camera's: refused before memory is taken."""

    code = "frame-too-large"
    hint = "a header is damaged, or raise max_frame_megapixels in dsbuild.toml"


class TooSmallError(VideoError):
    """The picture is smaller than ``--min-size``."""

    code = "too-small"
    hint = "lower --min-size to take it"
    refused = True


class TooShortError(VideoError):
    """The video is shorter than ``--min-duration``."""

    code = "too-short"
    hint = "lower --min-duration to take it"
    refused = True


class TimeLimitError(VideoError):
    """The video's process used up its time."""

    code = "time-limit"
    hint = "raise --time-limit and run again with --retry"


class MemoryLimitError(VideoError):
    """The video's process used up its memory."""

    code = "memory-limit"
    hint = "raise --memory-limit and run again with --retry"


class CrashedError(VideoError):
    """The video's process died: a fault in a decoder, or a kill from outside."""

    code = "crashed"
    hint = "run again with --retry; if it crashes again, convert the file with ffmpeg first"


def _all_video_errors() -> dict[str, type[VideoError]]:
    kinds: list[type[VideoError]] = [VideoError, *VideoError.__subclasses__()]
    return {kind.code: kind for kind in kinds}


VIDEO_ERRORS: dict[str, type[VideoError]] = _all_video_errors()
"""From the code in a record to its class, and so to its hint."""
