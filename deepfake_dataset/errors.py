"""What can go wrong, as a user meets it.

    DsbuildError                  ends the command; its exit code is the process's
    ├── UsageError                what was asked for cannot be done
    │   ├── ArgumentError         a function was given something of another type
    │   ├── SettingsError         a setting is unknown, or out of range
    │   ├── SourceError           no videos, a missing folder, labels that contradict each other
    │   ├── LabelsError           a labels CSV that cannot be read
    │   ├── ManifestError         a manifest that cannot be read, or contradicts itself
    │   ├── SplitError            no split is possible: too few groups, one class only
    │   ├── RecipeError           a recipe, or a number of one, that there is not
    │   ├── ImagesError           faces that are missing, cannot be read, or are of one class
    │   ├── WeightsError          weights that do not fit the network
    │   ├── ModelError            a trained model that is missing, damaged or of another kind
    │   ├── LeakError             a manifest to test on shares faces with the one to train on
    │   ├── MissingExtraError     a library that comes with an extra is not installed
    │   ├── PluginError           what another package adds cannot be loaded
    │   ├── DecisionsError        a log of decisions that was damaged
    │   ├── ReviewFileError       a CSV of decisions that cannot be applied
    │   ├── ReviewError           a decision that cannot be made
    │   │   ├── UnknownFaceError  the dataset has no such face, or no longer
    │   │   ├── DecidedSinceError someone else has decided in the meantime
    │   │   ├── SourceGoneError   the video's file is not where it was
    │   │   ├── MissingCropError  a crop that a record names is not there
    │   │   └── NoFaceThereError  what was marked does not form a face
    │   └── NotADatasetError      the folder holds something else
    ├── DatasetBusyError          another run holds the dataset
    ├── DatasetWriteError         the disk is full or cannot be written
    ├── StorageError              the place where a dataset lies does not do what it should
    │   ├── MissingKeyError       there is nothing under that key
    │   ├── ConflictError         someone else has written since it was read
    │   └── UnavailableError      no answer in time, or too many requests
    └── WorkerError               worker processes cannot start or load what they run
    VideoError                    costs one video; its code and message go into the video's record
    ├── UnreadableError · EmptyFileError · NotAVideoError · NoVideoStreamError
    ├── EncryptedError · NoFramesError · FrameTooLargeError
    ├── TooSmallError · TooShortError             refused: the settings demand more
    ├── TimeLimitError · MemoryLimitError · CrashedError
    └── ChangedError                              left for the next run, which gets other bytes

Every error has a message that says what and where, and a hint that says what to do.
"""

from typing import ClassVar

_LONGEST = 1000
"""Characters of a message: twelve lines of a terminal."""


class DsbuildError(Exception):
    """Ends the command with ``exit_code``; shown as ``error: …`` and ``hint: …``."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(_told(message))
        self.hint = hint

    def __reduce__(self) -> tuple[type["DsbuildError"], tuple[str, str]]:
        return type(self), (str(self), self.hint)  # as Exception would forget the hint


def _told(message: str) -> str:
    """A message that quotes what it met may be as long as a file; its ends say enough."""
    if len(message) <= _LONGEST:
        return message
    return f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 4 :]}"


class UsageError(DsbuildError):
    """What was asked for cannot be done."""


class ArgumentError(UsageError):
    """A function of the package was given something of another type than it takes."""


class SettingsError(UsageError):
    """A setting is unknown, of the wrong type or out of range."""


class SourceError(UsageError):
    """No videos where some were named, or sources that contradict each other."""


class LabelsError(UsageError):
    """A labels CSV that cannot be read; the message names line and column."""


class ManifestError(UsageError):
    """A manifest that cannot be read, or contradicts itself; the message names the row."""


class SplitError(UsageError):
    """No split is possible as asked: too few groups, one class only, shares that do not add up."""


class RecipeError(UsageError):
    """A recipe or network that there is not, or a number of one that cannot be."""


class ImagesError(UsageError):
    """Faces to train or score on are missing, cannot be read, or are of one class only."""


class WeightsError(UsageError):
    """Weights that cannot be read or do not fit the network; the message names the layer."""


class ModelError(UsageError):
    """A trained model that is missing, cannot be read, or takes or gives something else."""


class LeakError(UsageError):
    """Someone or something stands on two sides of a split; the message names both places."""


class MissingExtraError(UsageError):
    """A library is not installed that comes with an extra of the package."""


class PluginError(UsageError):
    """What another package adds cannot be loaded, or two packages add it under one name."""


class DecisionsError(UsageError):
    """The log of decisions cannot be read, or was damaged in more than its last line."""


class ReviewFileError(UsageError):
    """A CSV of decisions that cannot be applied; the message names line and column."""


class ReviewError(UsageError):
    """A decision that cannot be made."""


class UnknownFaceError(ReviewError):
    """The dataset has no such face, or no longer."""


class DecidedSinceError(ReviewError):
    """Someone else has decided on the face since it was shown; nothing was changed."""


class SourceGoneError(ReviewError):
    """The video's file is not where it was, so no crop can be made anew from it."""


class MissingCropError(ReviewError):
    """A crop that a record names is not there, or cannot be read."""


class NoFaceThereError(ReviewError):
    """What a person marked does not form a face."""


class NotADatasetError(UsageError):
    """The folder named as dataset holds something else, or nothing yet."""


class DatasetBusyError(DsbuildError):
    """Another run holds the dataset."""

    exit_code = 75


class DatasetWriteError(DsbuildError):
    """The dataset's disk is full, read-only or gone. The fault is ours, so the run stops."""


class StorageError(DsbuildError):
    """The place where a dataset lies cannot be read, or does not do what it should."""

    @property
    def reason(self) -> str:
        """What the system said, without the place; the message where it said nothing."""
        cause = self.__cause__
        return str(cause.strerror if isinstance(cause, OSError) else self)


class MissingKeyError(StorageError):
    """There is nothing under that key."""


class ConflictError(StorageError):
    """Someone else has written there since it was read; nothing was changed."""


class UnavailableError(StorageError):
    """The place does not answer in time, or asks for fewer requests. Try again later."""


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


class ChangedError(VideoError):
    """The file was written to while it was read. It is no video yet, so it gets no record."""

    code = "changed"
    hint = "wait until it is complete; --settle leaves files alone that were written just now"


def _all_video_errors() -> dict[str, type[VideoError]]:
    kinds: list[type[VideoError]] = [VideoError, *VideoError.__subclasses__()]
    return {kind.code: kind for kind in kinds}


VIDEO_ERRORS: dict[str, type[VideoError]] = _all_video_errors()
"""From the code in a record to its class, and so to its hint."""
