"""Joins the packets of encoded ranges and of sources to one H.264 stream, without decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ffmpeg_worker.bitstreams.h264 import is_idr, read_avcc, write_avcc
from ffmpeg_worker.raster.errors import RasterError
from ffmpeg_worker.raster.media.open_container import open_container

_FRAGMENTS = "empty_moov+delay_moov+default_base_moof+frag_keyframe"
_BT709, _LIMITED = 1, 1


@dataclass(frozen=True, slots=True)
class Piece:
    """`frames` packets of a file in decoding order, from the IDR picture with the timestamp `begin` on.

    A file without `begin` is an encoded range: all of its packets. `delay`: by how many packets a frame is
    decoded later than it is shown, at most.
    """

    file: str
    frames: int
    begin: int | None = None
    delay: int = 0


class _Output:
    """Standard output as a file that cannot be sought."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        return len(data)


def join_packets(
    pieces: Sequence[Mapping[str, Any]], rate: Fraction, ticks: int, folder: Path, output: BinaryIO
) -> None:
    """Write the pieces one after the other as a fragmented MP4; frames are 1 / `rate` apart.

    `ticks` are the units of a second of its timestamps, a multiple of the numerator of `rate`. All parameter sets
    are in front, under different ids, as strict players need them: a picture names the set that it uses.

    Raises:
        RasterError: a file changed, or the parameter sets of two files have the same id.
    """
    read = [Piece(**piece) for piece in pieces]
    try:
        _join(read, rate, ticks, folder, output)
    except BrokenPipeError:
        raise
    except (av.FFmpegError, OSError, ValueError) as error:
        raise _does_not_fit(str(error)) from error


def _join(pieces: Sequence[Piece], rate: Fraction, ticks: int, folder: Path, output: BinaryIO) -> None:
    extradata, delay = _read_heads(pieces, rate, folder)
    options = {"movflags": _FRAGMENTS, "video_track_timescale": str(ticks)}
    with closing(av.open(_Output(output), "w", format="mp4", options=options)) as target:
        stream = _add_stream(target, folder / pieces[0].file, extradata)
        position = 0
        for piece in pieces:
            first = position
            for packet, frame in _read_piece(piece, rate, folder):
                packet.is_keyframe = packet.is_keyframe and is_idr(memoryview(packet))
                packet.stream, packet.time_base, packet.duration = stream, 1 / rate, 1
                # The first frame of the file gets time 0 again when it is read.
                packet.pts, packet.dts = first + frame + delay, position
                target.mux(packet)
                position += 1


def _read_heads(pieces: Sequence[Piece], rate: Fraction, folder: Path) -> tuple[bytes, int]:
    """Return the parameter sets of all files as one box, and the largest delay of decoding in frames."""
    delay = max(piece.delay for piece in pieces)
    sets = None
    for file, is_encoded in dict.fromkeys((piece.file, piece.begin is None) for piece in pieces):
        with open_container(folder / file) as container:
            video = _video_of(container)
            own = read_avcc(bytes(video.codec_context.extradata or b""))
            if is_encoded:
                packet = next(container.demux(video))
                delay = max(delay, _to_frames(packet, rate, packet.dts or 0))
        if sets is not None and sets.conflicts_with(own):
            raise _does_not_fit("parameter sets with the same id differ")
        sets = own if sets is None else sets.joined_with(own)
    if sets is None:
        raise _does_not_fit("there are no pieces")
    return write_avcc(sets), delay


def _add_stream(target: OutputContainer, file: Path, extradata: bytes) -> VideoStream:
    with open_container(file) as container:
        stream: VideoStream = target.add_stream_from_template(_video_of(container))
    context = stream.codec_context
    context.extradata = extradata
    context.color_range, context.colorspace = _LIMITED, _BT709
    context.color_primaries, context.color_trc = _BT709, _BT709
    return stream


def _read_piece(piece: Piece, rate: Fraction, folder: Path) -> Iterator[tuple[Packet[VideoStream], int]]:
    """Yield the packets of a piece, and by how many frames each is shown after the first one."""
    with open_container(folder / piece.file) as container:
        video = _video_of(container)
        if piece.begin is not None:
            container.seek(piece.begin, stream=video, backward=True)
        begin, count = piece.begin, 0
        for packet in container.demux(video):
            if not packet.size or (not count and begin is not None and packet.pts != begin):
                continue
            if count == piece.frames:
                break
            if begin is None:
                begin = packet.pts or 0
            frame = _to_frames(packet, rate, begin)
            if not 0 <= frame < piece.frames or (not count and not is_idr(memoryview(packet))):
                raise _does_not_fit(f"a packet of {piece.file} is not where it should be")
            yield packet, frame
            count += 1
    if count != piece.frames:
        raise _does_not_fit(f"{piece.file} has {count} packets of {piece.frames}")


def _to_frames(packet: Packet[VideoStream], rate: Fraction, begin: int) -> int:
    if packet.pts is None or packet.time_base is None:
        raise _does_not_fit("a packet has no timestamp")
    return round((packet.pts - begin) * packet.time_base * rate)


def _video_of(container: InputContainer) -> VideoStream:
    video: VideoStream | None = container.streams.best("video")  # type: ignore[assignment]
    if video is None:
        raise _does_not_fit("a file has no video")
    return video


def _does_not_fit(detail: str) -> RasterError:
    return RasterError(f"The frames cannot be joined: {detail}.", code="renderer_failed")
