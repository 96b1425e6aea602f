"""Which times and rates of a file are certain although none of its pictures was decoded.

libav corrects them while it decodes the first pictures, or reads on until it can. For each container, this says
what is needed to do without.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import islice

from av.container import InputContainer

FRAME_DURATION = b"\x23\xe3\x83\x84"
"""Matroska's DefaultDuration, with the length that FFmpeg writes (RFC 9559, 5.1.4.1.13)."""
_EBML = b"\x1a\x45\xdf\xa3"
_NANOSECOND_S = 1e-9
_SAME_RATE = 1e-3
_MAX_FIRST_PACKETS = 200
_MIN_PICTURES = 20
"""Of shorter files, libav does not find all times: pictures that are shown late hide the first one."""
_MAX_RATE = 240
"""A higher rate may be the time base of a stream with few pictures."""
_SYNC, _PACKET_BYTES = 0x47, 188


def may_be_certain(head: bytes, *, is_fetched: bool) -> bool:
    """Whether a file with these first bytes is MP4, MPEG-TS, or Matroska that states the duration of frames.

    Without a decoder, libav reads further in the other two than MP4. A file whose bytes are fetched when they are
    read is decoded instead.
    """
    if is_fetched:
        return _is_mp4(head)
    if is_matroska(head):
        return FRAME_DURATION in head
    return _is_mp4(head) or _is_transport_stream(head)


def states_size(head: bytes) -> bool:
    """Whether a file with these first bytes states the size of pictures outside of them: MP4 or Matroska."""
    return _is_mp4(head) or is_matroska(head)


def is_matroska(head: bytes) -> bool:
    """Whether a file with these first bytes is Matroska or WebM."""
    return head.startswith(_EBML)


def has_segment_times(container: InputContainer) -> bool:
    """Whether the times of MPEG-TS, or of a playlist of segments, are certain: those of one video with sound."""
    pictures = container.streams.video
    if len(pictures) != 1 or len(pictures) + len(container.streams.audio) != len(container.streams):
        return False
    rate = pictures[0].average_rate
    return rate is not None and rate <= _MAX_RATE


def find_first_times(container: InputContainer, head: bytes) -> dict[int, int] | None:
    """Find the times of the first pictures of Matroska, which are stated nowhere else.

    Returns:
        Times by number of the stream, in its time base; `None` if they, or rates of pictures, are not certain.
    """
    streams = container.streams
    if any(stream.type not in {"audio", "video"} for stream in streams):
        return None  # a subtitle may begin late
    pictures = {stream.index for stream in streams.video}
    if not all(_states_rate(head, stream.average_rate) for stream in streams.video):
        return None
    times: dict[int, int] = {}
    counts = Counter[int]()
    for packet in islice(container.demux(), _MAX_FIRST_PACKETS):
        if packet.pts is None:
            return None
        times.setdefault(packet.stream_index, packet.pts)
        counts[packet.stream_index] += 1
        if len(times) == len(streams) and all(counts[number] >= _MIN_PICTURES for number in pictures):
            return {number: times[number] for number in pictures}
    return None


def _states_rate(head: bytes, rate: Fraction | None) -> bool:
    """Whether Matroska states the duration of frames of this rate."""
    pieces = head.split(FRAME_DURATION)[1:]
    durations_s = [int.from_bytes(piece[:4], "big") * _NANOSECOND_S for piece in pieces]
    return bool(rate) and any(abs(duration_s * float(rate or 0) - 1) < _SAME_RATE for duration_s in durations_s)


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def _is_transport_stream(head: bytes) -> bool:
    starts = head[: 3 * _PACKET_BYTES : _PACKET_BYTES]
    return starts == bytes([_SYNC] * 3)
