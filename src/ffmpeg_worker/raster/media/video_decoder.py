"""The frames of a video file, by time."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ffmpeg_worker.raster.errors import RasterError, out_of_memory
from ffmpeg_worker.raster.media.deinterlace import deinterlaced

_log = logging.getLogger(__name__)

# Files that are lists of other files.
_PLAYLISTS = frozenset({"hls", "dash", "concat", "imf", "sdp", "rtsp", "image2"})

_MOST_PIXELS = 1 << 27

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

_NEAR_S = 2.0
"""Jumps of less are decoded through."""

_KEPT_S = 0.5
"""So long before what is sought every frame is decoded."""

_UNKNOWN_FAR_S = 10.0
"""Likewise where the container has no list of its keyframes."""


@dataclass(frozen=True, slots=True)
class _Timed:
    time_s: float
    frame: VideoFrame


class VideoDecoder:
    """Decodes as much as is asked for; holds two frames and what the decoder holds.

    Time 0 is the file's own start, as for ffmpeg. The frame at a time is the last one that begins at or before
    it; before the first frame it is the first, after the last the last. Broken frames are left out.
    """

    def __init__(self, path: Path, *, is_interlaced: bool = False, threads: int = 2, where: str = "") -> None:
        """Open the first video stream. Raises: RasterError."""
        self._path = path
        self._is_interlaced = is_interlaced
        self._threads = threads
        self._where = where
        self._is_warned = False
        self._skipped_until_s = float("-inf")
        self._decoded: Iterator[_Timed] = iter(())
        self._current: _Timed | None = None
        self._next: _Timed | None = None
        self._open()

    def at(self, time_s: float) -> VideoFrame:
        """The frame that is shown at a time. Raises: RasterError, if the file has no frame that can be decoded."""
        limit = time_s + self.tolerance_s
        if self._current is None or self._is_behind(limit) or self._is_far(limit):
            self._go_to(limit)
        self._advance(limit)
        if self._current is not None and self._current.time_s < self._skipped_until_s:
            # The gap is so long that the frame that lasts through it may have been skipped.
            self._go_to(limit, may_skip=False)
            self._advance(limit)
        if self._current is None:
            raise self._unreadable("has no picture that can be decoded")
        return self._current.frame

    def close(self) -> None:
        """Free the decoder and its frames."""
        self._decoded = iter(())
        self._current = self._next = None
        self._container.close()

    def _open(self) -> None:
        try:
            self._container: InputContainer = av.open(
                f"./{self._path}" if not self._path.is_absolute() else str(self._path),
                container_options={"protocol_whitelist": "file"},
                metadata_errors="ignore",
            )
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._unreadable("is no video that can be read") from error
        names = set(self._container.format.name.split(","))
        if names & _PLAYLISTS or not self._container.streams.video:
            self._container.close()
            raise self._unreadable("has no picture")
        self._stream: VideoStream = self._container.streams.best("video") or self._container.streams.video[0]  # type: ignore[assignment]
        if self._stream.codec_context is None:
            self._container.close()
            raise self._unreadable("is of a kind that cannot be decoded here")
        self._decoder = _decoder_of(self._stream, self._threads)
        tick = float(self._stream.time_base or 0)
        self.tolerance_s = min(tick / 2, 0.001) + 1e-6
        self._start_s = (self._container.start_time or 0) / av.time_base
        self._first_s = float("-inf")
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._duration_s = 1 / float(rate) if rate else 0.04
        # A deinterlaced frame is made of its neighbours, too.
        self._run_up_s = 2 * self._duration_s if self._is_interlaced else 0.0
        self._has_times = "mpeg" not in names
        if not self._has_times:
            # Few of its packets have a time, and the first ones after a seek get wrong ones.
            self._run_up_s += 1.5
        self._keyframes = [
            entry.timestamp * tick - self._start_s for entry in self._stream.index_entries if entry.is_keyframe
        ]
        self._decoded = self._decode()
        self._is_used = False

    def _advance(self, limit: float) -> None:
        while self._next is not None and self._next.time_s <= limit:
            self._current, self._next = self._next, next(self._decoded, None)

    def _go_to(self, limit: float, *, may_skip: bool = True) -> None:
        """Make the current frame one that begins at or before `limit`, or else the first of the file."""
        wanted = limit - self._run_up_s
        self._skipped_until_s = wanted - _KEPT_S if may_skip and self._has_times else float("-inf")
        for back_s in (0.0, 1.0, 5.0, 20.0) if self._is_used or wanted > _NEAR_S else ():
            if wanted - back_s <= 0 or not self._seek(wanted - back_s):
                break
            # Where a container's seeking leads to is not to be trusted.
            if self._current is not None and self._current.time_s <= wanted:
                return
        self._skipped_until_s = float("-inf")
        if self._is_used:
            self._container.close()
            self._open()
        self._fill()
        if self._current is not None:
            self._first_s = self._current.time_s

    def _seek(self, time_s: float) -> bool:
        try:
            self._container.seek(
                int((time_s + self._start_s) / (self._stream.time_base or 1)), stream=self._stream, backward=True
            )
        except (av.FFmpegError, OSError):
            return False
        self._decoder.flush_buffers()
        self._decoded = self._decode()
        self._fill()
        return True

    def _fill(self) -> None:
        self._is_used = True
        self._current = self._next = None  # their memory is used again
        self._current = next(self._decoded, None)
        self._next = next(self._decoded, None)

    def _is_behind(self, limit: float) -> bool:
        return self._current is not None and self._first_s < self._current.time_s > limit

    def _is_far(self, limit: float) -> bool:
        """Whether a seek leads to a frame sooner than decoding on does."""
        if self._next is None or limit < self._next.time_s + _NEAR_S:
            return False
        if len(self._keyframes) < 2:
            return limit > self._next.time_s + _UNKNOWN_FAR_S
        index = bisect_right(self._keyframes, limit) - 1
        return index >= 0 and self._keyframes[index] > self._next.time_s + _NEAR_S / 2

    def _decode(self) -> Iterator[_Timed]:
        frames = deinterlaced(self._pictures()) if self._is_interlaced else self._pictures()
        last_s: float | None = None
        for frame in frames:
            time_s = None
            if frame.pts is not None and frame.time_base is not None:
                time_s = float(frame.pts * frame.time_base) - self._start_s
            if last_s is not None and (time_s is None or time_s <= last_s):
                time_s = last_s + self._duration_s
            last_s = time_s or 0.0
            yield _Timed(last_s, frame)

    def _pictures(self) -> Iterator[VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                self._decoder.skip_frame = "NONREF" if self._is_skipped(packet) else "DEFAULT"
                try:
                    frames = self._decoder.decode(packet)
                except (MemoryError, BlockingIOError):  # the latter: no more threads
                    raise out_of_memory(self._where) from None
                except av.FFmpegError as error:
                    self._warn(error)
                    continue
                yield from frames
        except (av.FFmpegError, OSError) as error:
            # What was read so far is shown.
            self._warn(error)

    def _is_skipped(self, packet: Packet[VideoStream]) -> bool:
        """Whether a packet is so far before what was sought that only frames that others need are decoded."""
        if packet.pts is None or packet.time_base is None:
            return False
        return float(packet.pts * packet.time_base) - self._start_s < self._skipped_until_s

    def _warn(self, error: Exception) -> None:
        if not self._is_warned:
            _log.warning("%s: parts of the video are broken and left out (%s)", self._where or "video", error)
        self._is_warned = True

    def _unreadable(self, what: str) -> RasterError:
        return RasterError(
            f"The video {what}.",
            code="source_unreadable",
            where=self._where,
            hint="Check that the file is complete and plays elsewhere.",
        )


def _decoder_of(stream: VideoStream, threads: int) -> VideoCodecContext:
    decoder = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in _WITH_ALPHA:
        # The decoder that is chosen otherwise drops the opacity.
        extradata = decoder.extradata
        decoder = cast(VideoCodecContext, av.CodecContext.create(_WITH_ALPHA[decoder.name], "r"))
        decoder.extradata = extradata
    decoder.options = {"max_pixels": str(_MOST_PIXELS)}
    decoder.thread_count = threads
    decoder.thread_type = "AUTO"
    return decoder
