"""Decodes a video file once, from its first frame to its last, whatever state it is in.

Frames that nobody would keep may be skipped; they are counted all the same. Timestamps are the
stream's own. A damaged packet is skipped and counted and never ends the stream; a frame that the
decoder flags as damaged is counted and left out, because what a decoder puts in place of lost
blocks looks like forgery.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path

import av
from av.video.stream import VideoStream

from deepfake_dataset.errors import (
    EmptyFileError,
    EncryptedError,
    FrameTooLargeError,
    NoFramesError,
    NotAVideoError,
    NoVideoStreamError,
    UnreadableError,
)
from deepfake_dataset.video.bitstream import is_disposable, length_bytes
from deepfake_dataset.video.frame import Frame
from deepfake_dataset.video.frame_skipping import FrameNeeds, PacketInfo, mark_skippable

# After so many failed reads in a row the rest of a file is taken to be lost.
_MAX_FAILED_READS = 100
# Sample aspect ratios beyond this are damage, not anamorphic video (the widest in use is 2:1).
_MAX_ASPECT = 4.0
# Timestamps that fall back by more than this are of another recording, joined to the first.
_JOINED_S = 1.0
# A raw frame of 8K with 16 bits a sample, twice over.
_LARGEST_PACKET = 1 << 29
# Where a container gives neither a rate nor times.
_USUAL_FPS = 25
# What FFmpeg calls the key that an encrypted track of Matroska or WebM names.
_MATROSKA_KEY = "enc_key_id"
# 8-bit planar formats whose planes are read in place.
_IN_PLACE = {
    f"{family}{sampling}p"
    for family in ("yuv", "yuvj")
    for sampling in ("410", "411", "420", "422", "440", "444")
}


@dataclass(slots=True)
class Tally:
    """Counts of what decoding met so far: frames, damaged frames and packets."""

    frames: int = 0
    """Decoded or skipped."""
    frames_skipped: int = 0
    frames_corrupt: int = 0
    packets_damaged: int = 0
    packets_encrypted: int = 0
    last_s: float = 0.0


class Decoder:
    """One video stream of one file, open for reading. A context manager.

    Told what frames are needed for, it skips others: in progressive H.264, as long as no damage
    was met. Not told, it decodes every frame.
    """

    def __init__(self, path: Path, max_frame_pixels: int, need: FrameNeeds | None = None) -> None:
        self.tally = Tally()
        self._need = need
        self._skipped: list[int] = []
        self._is_interlaced = False
        self._max_pixels = max_frame_pixels
        self._container = _open(path, max_frame_pixels)
        try:
            self._stream = _pick(self._container, max_frame_pixels)
            self._clock = _Clock(self._stream)
            self._refuse_if_large()
        except BaseException:
            self._container.close()
            raise

    def __enter__(self) -> "Decoder":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def container_name(self) -> str:
        """FFmpeg's name of the container, as ``matroska,webm``."""
        return str(self._container.format.name)

    @property
    def codec_name(self) -> str:
        """FFmpeg's name of the codec, as ``h264``."""
        return str(self._stream.codec_context.codec.canonical_name)

    @property
    def pixel_format(self) -> str:
        """FFmpeg's name of the stored pixels' format, as ``yuv420p10le``."""
        return str(self._stream.codec_context.pix_fmt)

    @property
    def fps(self) -> float:
        """Mean rate of the frames met so far, by their times."""
        intervals = self.tally.frames - 1
        if intervals > 0 and self.tally.last_s > 0:
            return intervals / self.tally.last_s
        return 1 / self._clock.step_s

    @property
    def end_s(self) -> float:
        """When the last frame decoded stops being shown."""
        return self.tally.last_s + 1 / self.fps

    def frames(self) -> Iterator[Frame]:
        """Every sound frame that was not skipped, in the order shown."""
        for picture in self._pictures():
            if picture.pts is not None:
                self._count_skipped(picture.pts)
            index = self.tally.frames
            self.tally.frames += 1
            pts, self.tally.last_s = self._clock.read(picture)
            if picture.is_corrupt:
                self.tally.frames_corrupt += 1
                continue
            yield self._frame(picture, index, pts)
        self._count_skipped(math.inf)

    def seek(self, pts: int) -> bool:
        """Go on with the keyframe before a timestamp; frames count from 0 again from there.

        False where the container cannot.
        """
        try:
            self._container.seek(pts, stream=self._stream)
        except (av.FFmpegError, ValueError, OverflowError):
            return False
        self.tally = Tally()
        return True

    def raise_if_encrypted(self) -> None:
        """Where packets were marked as encrypted, or Matroska's track has a key.

        Raises :class:`EncryptedError`.
        """
        if self.tally.packets_encrypted or _MATROSKA_KEY in self._stream.metadata:
            raise EncryptedError("the stream is encrypted, nothing can be decoded")

    def _frame(self, picture: av.VideoFrame, index: int, pts: int) -> Frame:
        return Frame(
            index=index,
            pts=pts,
            time_s=self.tally.last_s,
            frame_type=_TYPES.get(int(picture.pict_type), "?"),
            picture=_planar(picture),
            turns=round(picture.rotation / -90) % 4,
            aspect=self._aspect(),
        )

    def _aspect(self) -> float:
        ratio = float(self._stream.sample_aspect_ratio or 1)
        return ratio if 1 / _MAX_ASPECT <= ratio <= _MAX_ASPECT else 1.0

    @property
    def _may_skip(self) -> bool:
        """Not before frames have shown what the stream is, and not after damage.

        Fields of interlaced frames may come in packets of their own.
        """
        tally = self.tally
        return tally.frames > 0 and not (
            self._is_interlaced
            or tally.frames_corrupt
            or tally.packets_damaged
            or tally.packets_encrypted
        )

    def _count_skipped(self, until: float) -> None:
        """Count the skipped frames that would have come before a timestamp."""
        while self._skipped and self._skipped[0] < until:
            heappop(self._skipped)
            self.tally.frames += 1
            self.tally.frames_skipped += 1

    def _pictures(self) -> Iterator[av.VideoFrame]:
        for packet, may_be_skipped in self._judged():
            if may_be_skipped and packet.pts is not None and self._may_skip:
                heappush(self._skipped, packet.pts)
            else:
                yield from self._decoded(packet)
        yield from self._decoded(None)

    def _decoded(self, packet: "av.Packet[VideoStream] | None") -> Iterator[av.VideoFrame]:
        """What comes out for a packet, or at last for None, which empties the decoder."""
        try:
            for picture in self._stream.codec_context.decode(packet):
                self._is_interlaced |= picture.interlaced_frame
                yield picture
        except MemoryError:  # one of FFmpeg's errors is this as well; it is no damage
            raise
        except (av.FFmpegError, ValueError):
            self.tally.packets_damaged += 1
        self._refuse_if_large()

    def _judged(self) -> Iterator[tuple["av.Packet[VideoStream]", bool]]:
        """Packets, each with whether its frame may be skipped."""
        if self._need is None or self.codec_name != "h264":
            return ((packet, False) for packet in self._packets())
        lengths = length_bytes(self._stream.codec_context.extradata)
        said = ((packet, _hint(packet, lengths)) for packet in self._packets())
        return mark_skippable(said, self._need, self._clock.base_s)

    def _packets(self) -> Iterator["av.Packet[VideoStream]"]:
        """Those of the stream, to its end, past reads that fail."""
        failed = 0
        while failed < _MAX_FAILED_READS:
            try:
                for packet in self._container.demux(self._stream):
                    failed = 0
                    if packet.size:
                        self.tally.packets_encrypted += packet.has_sidedata("encryption_info")
                        yield packet
                break
            except av.error.EOFError:
                break
            except (av.FFmpegError, ValueError) as error:
                if isinstance(error, MemoryError) and not _is_memory_left():
                    raise
                failed += 1
                self.tally.packets_damaged += 1

    def _refuse_if_large(self) -> None:
        """A stream may change its size on the way, so this is asked again and again."""
        context = self._stream.codec_context
        if context.width * context.height > self._max_pixels:
            raise FrameTooLargeError(
                f"frames of {context.width}×{context.height} pixels,"
                f" more than {self._max_pixels / 1e6:g} million"
            )


def _is_memory_left() -> bool:
    """Whether FFmpeg wanted more than any packet holds, because a size is damaged.

    Otherwise this process is at its limit, and frames must not be lost for that unsaid.
    """
    try:
        bytes(_LARGEST_PACKET)  # asked for and never touched
    except MemoryError:
        return False
    return True


class _Clock:
    """Times of frames from their timestamps: from the first one, and never backwards."""

    def __init__(self, stream: VideoStream) -> None:
        self.base_s = float(stream.time_base or 1)
        self.step_s = 1 / float(stream.average_rate or stream.guessed_rate or _USUAL_FPS)
        self._step = max(1, round(self.step_s / self.base_s))
        self._first: int | None = None
        self._pts = 0
        self._time_s = 0.0

    def read(self, picture: av.VideoFrame) -> tuple[int, float]:
        """Timestamp, and time in seconds; one frame's length is added where none is given."""
        stamp = picture.pts if picture.pts is not None else picture.dts
        if stamp is None:
            stamp = 0 if self._first is None else self._pts + self._step
        if self._first is None:
            self._first = stamp
        self._pts = stamp
        seconds = (stamp - self._first) * self.base_s
        if seconds < self._time_s - _JOINED_S:
            self._first -= round((self._time_s + self.step_s - seconds) / self.base_s)
            seconds = (stamp - self._first) * self.base_s
        self._time_s = max(self._time_s, seconds)
        return stamp, self._time_s


def _hint(packet: "av.Packet[VideoStream]", lengths: int) -> PacketInfo:
    return PacketInfo(
        pts=packet.pts,
        size=packet.size,
        is_key=packet.is_keyframe,
        is_disposable=not (packet.is_discard or packet.is_corrupt)
        and is_disposable(memoryview(packet), lengths),
    )


_TYPES = {1: "I", 2: "P", 3: "B"}


def _open(path: Path, max_pixels: int) -> av.container.InputContainer:
    try:
        if path.stat().st_size == 0:
            raise EmptyFileError("the file is empty")
        # Probing decodes as well: the limit must hold before the first frame is made.
        return av.open(
            _ffmpeg_name(path),
            options={"max_pixels": str(max_pixels), "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except MemoryError:
        raise
    except (PermissionError, FileNotFoundError, IsADirectoryError) as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from error
    except (av.FFmpegError, ValueError, OSError) as error:
        raise NotAVideoError("FFmpeg does not know this kind of file") from error


def _ffmpeg_name(path: Path) -> str:
    """An address that FFmpeg takes for a file whatever its name holds."""
    return f"file:{path}"


def _pick(container: av.container.InputContainer, max_pixels: int) -> VideoStream:
    """The stream that FFmpeg would show; a cover picture is none."""
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or _is_cover(stream):
        raise NoVideoStreamError("the file has no video stream")
    if stream.codec_context is None:  # though PyAV's types deny it
        raise NoFramesError("FFmpeg does not know its codec")
    stream.codec_context.options = {"max_pixels": str(max_pixels)}
    stream.codec_context.thread_type = "NONE"
    stream.codec_context.thread_count = 1
    return stream


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _planar(picture: av.VideoFrame) -> av.VideoFrame:
    """The picture itself if its planes can be read in place, else one that can.

    Deeper samples become 8-bit ones with the same chroma sampling; RGB and grey become
    full-range BT.601 without subsampling.
    """
    name = picture.format.name
    if name in _IN_PLACE:
        return picture
    if picture.format.is_rgb or len(picture.format.components) < 3:
        return picture.reformat(format="yuv444p", dst_colorspace="ITU601", dst_color_range="JPEG")
    return picture.reformat(format=f"yuv{_sampling(picture.format)}p")


def _sampling(pixel_format: av.VideoFormat) -> str:
    across = 4 // max(1, pixel_format.chroma_width(4))
    down = 4 // max(1, pixel_format.chroma_height(4))
    return {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411"}.get(
        (across, down), "420"
    )
