"""Compares two encodes of the same source, packet by packet and picture by picture."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

_STREAM_FACTS = (
    "name profile width height sample_aspect_ratio pix_fmt color_range colorspace color_primaries color_trc "
    "sample_rate"
)


@dataclass(frozen=True)
class StreamPackets:
    """One stream of a file: times in seconds, sorted as stored; `digests` tell the content of packets."""

    kind: str
    facts: tuple[Any, ...]
    metadata: dict[str, str]
    disposition: int
    parameters: int
    pts: list[Fraction]
    dts: list[Fraction | None]
    digests: list[str]


def read_streams(path: Path) -> list[StreamPackets]:
    """Read all streams of a file."""
    with av.open(str(path)) as container:
        packets: dict[int, list[Any]] = {stream.index: [] for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                packets[packet.stream_index].append(packet)
        return [_describe(stream, packets[stream.index]) for stream in container.streams]


def _describe(stream: Any, packets: list[Any]) -> StreamPackets:
    codec = stream.codec_context
    base = Fraction(stream.time_base)
    return StreamPackets(
        stream.type,
        # FFmpeg chooses the time base of a chapter track by those of the other tracks.
        (*(str(getattr(codec, name, None)) for name in _STREAM_FACTS.split()),)
        + ((base, stream.duration) if stream.type != "data" else ()),
        {key: value for key, value in stream.metadata.items() if (key, value) != ("language", "und")},
        int(stream.disposition),
        # Of subtitles in MP4 it holds the boxes after it, too.
        len(codec.extradata or b"") if stream.type in {"video", "audio"} else 0,
        sorted((packet.pts or 0) * base for packet in packets),
        [None if packet.dts is None else packet.dts * base for packet in packets],
        [hashlib.sha256(bytes(packet)).hexdigest() for packet in packets],
    )


def read_container(path: Path) -> tuple[dict[str, str], list[tuple[Fraction, str]], int | None]:
    """Metadata, chapters (start, title) and start time of a file."""
    with av.open(str(path)) as container:
        chapters = [
            (each["start"] * (each["time_base"] or Fraction(1)), each["metadata"].get("title", ""))
            for each in container.chapters()
        ]
        return dict(container.metadata), chapters, container.start_time


def hash_pictures(path: Path) -> list[tuple[Fraction, str]]:
    """The time and the content of each decoded picture."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        base: Any = stream.time_base
        return [
            ((frame.pts or 0) * base, hashlib.sha256(b"".join(bytes(plane) for plane in frame.planes)).hexdigest())
            for frame in container.decode(stream)
        ]
