"""Decodes a video file, and finds the frame for a time."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ffmpeg_worker.raster.errors import RasterError, out_of_memory
from ffmpeg_worker.raster.media.filter_chain import FilterChain
from ffmpeg_worker.raster.media.open_container import is_stream, open_container

_log = logging.getLogger(__name__)

# Formats that refer to other files.
_PLAYLISTS = frozenset({"hls", "dash", "concat", "imf", "sdp", "rtsp", "image2"})

_MAX_FRAME_PIXELS = 1 << 27

_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}

_MIN_SEEK_S = 2.0
"""Shorter jumps forward are decoded instead of sought."""

_MIN_SEEK_WITHOUT_INDEX_S = 10.0
"""The same for containers without an index of keyframes."""

_FULLY_DECODED_S = 0.5
"""For this long before a sought frame, every frame is decoded; before that, only reference frames."""


@dataclass(frozen=True, slots=True)
class _TimedFrame:
    time_s: float
    frame: VideoFrame


class VideoDecoder:
    """Decodes only what is requested, and holds two frames besides those of the decoder.

    Time 0 is the start of the file, as in ffmpeg. The frame at a time is the last one that begins at or before
    it, or the first frame if none does. Damaged frames are skipped.
    """

    def __init__(self, path: Path, *, is_interlaced: bool = False, threads: int = 2, where: str = "") -> None:
        """Open the first video stream; `where` begins log messages. Raises: RasterError."""
        self._path = path
        self._is_stream = is_stream(path)
        self._is_interlaced = is_interlaced
        self._threads = threads
        self._where = where
        self._has_warned = False
        self._skip_until_s = float("-inf")
        self._decoded: Iterator[_TimedFrame] = iter(())
        self._current: _TimedFrame | None = None
        self._next: _TimedFrame | None = None
        self._open()

    def frame_at(self, time_s: float) -> VideoFrame:
        """Return the frame at a time. Raises: RasterError, if no frame of the file can be decoded."""
        limit = time_s + self.tolerance_s
        if self._current is None or self._must_go_back(limit) or self._is_seek_faster(limit):
            self._seek(limit)
        self._advance(limit)
        if self._current is not None and self._current.time_s < self._skip_until_s:
            # The current frame lasts so long that frames after it may have been skipped: decode all of them.
            self._seek(limit, may_skip=False)
            self._advance(limit)
        if self._current is None:
            raise self._unreadable("has no frame that can be decoded")
        return self._current.frame

    def close(self) -> None:
        """Close the file and release the frames."""
        self._decoded = iter(())
        self._current = self._next = None
        self._container.close()

    def _open(self) -> None:
        try:
            self._container = open_container(self._path)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._unreadable("cannot be read") from error
        names = set(self._container.format.name.split(","))
        if names & _PLAYLISTS or not self._container.streams.video:
            self._container.close()
            raise self._unreadable("has no video stream")
        self._stream: VideoStream = self._container.streams.best("video") or self._container.streams.video[0]  # type: ignore[assignment]
        if self._stream.codec_context is None:
            self._container.close()
            raise self._unreadable("has a codec that cannot be decoded here")
        self._decoder = _open_decoder(self._stream, self._threads)
        tick = float(self._stream.time_base or 0)
        self.tolerance_s = min(tick / 2, 0.001) + 1e-6
        self._start_s = (self._container.start_time or 0) / av.time_base
        self._first_s = float("-inf")
        rate = self._stream.average_rate or self._stream.guessed_rate
        self._duration_s = 1 / float(rate) if rate else 0.04
        # Deinterlacing also needs the frames before and after.
        self._preroll_s = 2 * self._duration_s if self._is_interlaced else 0.0
        self._has_times = "mpeg" not in names
        if not self._has_times:
            # Few packets have a time, and the first ones after a seek get wrong times.
            self._preroll_s += 1.5
        self._keyframes = [
            entry.timestamp * tick - self._start_s for entry in self._stream.index_entries if entry.is_keyframe
        ]
        self._decoded = self._decode_frames()
        self._has_decoded = False

    def _advance(self, limit: float) -> None:
        while self._next is not None and self._next.time_s <= limit:
            self._current, self._next = self._next, next(self._decoded, None)

    def _seek(self, limit: float, *, may_skip: bool = True) -> None:
        """Make the current frame one that begins at or before `limit`, or else the first of the file.

        A stream stays where it is: it begins with what is shown first.
        """
        if self._is_stream:
            if not self._has_decoded:
                self._fill()
            return
        wanted = limit - self._preroll_s
        self._skip_until_s = wanted - _FULLY_DECODED_S if may_skip and self._has_times else float("-inf")
        for back_s in (0.0, 1.0, 5.0, 20.0) if self._has_decoded or wanted > _MIN_SEEK_S else ():
            if wanted - back_s <= 0 or not self._seek_container(wanted - back_s):
                break
            # Some containers seek to a later frame: check, and seek further back.
            if self._current is not None and self._current.time_s <= wanted:
                return
        self._skip_until_s = float("-inf")
        if self._has_decoded:
            self._container.close()
            self._open()
        self._fill()
        if self._current is not None:
            self._first_s = self._current.time_s

    def _seek_container(self, time_s: float) -> bool:
        try:
            self._container.seek(
                int((time_s + self._start_s) / (self._stream.time_base or 1)), stream=self._stream, backward=True
            )
        except (av.FFmpegError, OSError):
            return False
        self._decoder.flush_buffers()
        self._decoded = self._decode_frames()
        self._fill()
        return True

    def _fill(self) -> None:
        self._has_decoded = True
        self._current = self._next = None  # so that the decoder can reuse their memory
        self._current = next(self._decoded, None)
        self._next = next(self._decoded, None)

    def _must_go_back(self, limit: float) -> bool:
        return self._current is not None and self._first_s < self._current.time_s > limit

    def _is_seek_faster(self, limit: float) -> bool:
        """Whether seeking reaches a frame sooner than decoding all frames before it."""
        if self._next is None or limit < self._next.time_s + _MIN_SEEK_S:
            return False
        if len(self._keyframes) < 2:
            return limit > self._next.time_s + _MIN_SEEK_WITHOUT_INDEX_S
        index = bisect_right(self._keyframes, limit) - 1
        return index >= 0 and self._keyframes[index] > self._next.time_s + _MIN_SEEK_S / 2

    def _decode_frames(self) -> Iterator[_TimedFrame]:
        frames = _deinterlace(self._decode_packets()) if self._is_interlaced else self._decode_packets()
        last_s: float | None = None
        for frame in frames:
            time_s = None
            if frame.pts is not None and frame.time_base is not None:
                time_s = float(frame.pts * frame.time_base) - self._start_s
            if last_s is not None and (time_s is None or time_s <= last_s):
                time_s = last_s + self._duration_s
            last_s = time_s or 0.0
            yield _TimedFrame(last_s, frame)

    def _decode_packets(self) -> Iterator[VideoFrame]:
        try:
            for packet in self._container.demux(self._stream):
                self._decoder.skip_frame = "NONREF" if self._may_skip(packet) else "DEFAULT"
                try:
                    frames = self._decoder.decode(packet)
                except (MemoryError, BlockingIOError):  # BlockingIOError: no thread can be started
                    raise out_of_memory() from None
                except av.FFmpegError as error:
                    self._warn(error)
                    continue
                yield from frames
        except (av.FFmpegError, OSError) as error:
            # Show what was read so far.
            self._warn(error)

    def _may_skip(self, packet: Packet[VideoStream]) -> bool:
        """Whether a packet is so far before the sought frame that only its reference frames must be decoded."""
        if packet.pts is None or packet.time_base is None:
            return False
        return float(packet.pts * packet.time_base) - self._start_s < self._skip_until_s

    def _warn(self, error: Exception) -> None:
        if not self._has_warned:
            _log.warning("%s: skipped damaged parts of the video (%s)", self._where or "video", error)
        self._has_warned = True

    def _unreadable(self, problem: str) -> RasterError:
        return RasterError(
            f"The video {problem}.",
            code="source_unreadable",
            hint="Check that the file is complete and plays elsewhere.",
        )


def _deinterlace(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Yield one progressive frame per interlaced frame, with the same times."""
    chain = FilterChain(lambda _: [("bwdif", "mode=send_frame:parity=auto:deint=all")])
    for frame in frames:
        chain.push(frame)
        yield from chain.pull()
    chain.end()
    yield from chain.pull()


def _open_decoder(stream: VideoStream, threads: int) -> VideoCodecContext:
    decoder = stream.codec_context
    if stream.metadata.get("alpha_mode") == "1" and decoder.name in _WITH_ALPHA:
        # The default decoder ignores the alpha channel.
        extradata = decoder.extradata
        decoder = cast(VideoCodecContext, av.CodecContext.create(_WITH_ALPHA[decoder.name], "r"))
        decoder.extradata = extradata
    decoder.options = {"max_pixels": str(_MAX_FRAME_PIXELS)}
    decoder.thread_count = threads
    decoder.thread_type = "AUTO"
    return decoder
